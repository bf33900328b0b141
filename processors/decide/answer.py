"""What kinds say to an event: candidates that leave at once, plans for later, a decision for what stays unsaid."""

from collections.abc import Iterator
from datetime import datetime

from processors.decide.batches import call_together, enlist
from processors.decide.logins import note_login
from processors.decide.objections import Refusal, refusal, settings_path, switched_off
from processors.decide.repetition import already_said, note_said
from processors.decide.tables import CONTACTS
from processors.decide.threads import stand
from processors.decisions import decided
from processors.effects import Effect, Forward, Record, Tables, row_key
from processors.emissions import emit_later
from processors.kind import AtOnce, Batch, Kind, Staff
from processors.kinds import BY_EVENT
from processors.occasion import Occasion
from processors.recipients import candidate_for, staff_with_role
from processors.schedule import plan
from processors.settings import InForce
from processors.timing import Hour, Planned, Telling, field_instant
from schemas.candidate import Cause, Recipient
from schemas.envelope import Event
from schemas.event_data import data_to_plain
from schemas.events import STATE_ONLY
from schemas.kind_settings import SHARED
from schemas.reasons import Reason
from schemas.topics import MESSAGES
from schemas.words import Channel, Outcome


def answer(event: Event, record: Record, tables: Tables, known: InForce) -> Iterator[Effect]:
    """Every kind that this event concerns says what becomes of it; an event that concerns none is explained too."""
    yield from note_login(event)
    yield from enlist(event, tables)
    standing = yield from stand(event, record, tables, known)
    occasion = Occasion(
        event=event, cause=cause_of(event), record=record, tables=tables, known=known, standing=standing
    )
    kinds = [kind for kind in BY_EVENT.get(event.type, ()) if kind.when(event)]
    for kind in kinds:
        yield from _call(kind, occasion) if _is_for_a_batch(kind, event) else _say(kind, occasion)
    if not kinds and not (standing and standing.ended_plans) and event.type not in STATE_ONLY:
        yield decided(event, record, known, outcome=Outcome.DROPPED, reason=Reason.NO_RULE_MATCHED)


def answer_for_one(event: Event, record: Record, tables: Tables, known: InForce) -> Iterator[Effect]:
    """What kinds say to an event for a whole batch at one of its contacts, who is the subject here."""
    occasion = Occasion(event=event, cause=cause_of(event), record=record, tables=tables, known=known, standing=None)
    for kind in BY_EVENT.get(event.type, ()):
        if _is_for_a_batch(kind, event) and kind.when(event):
            yield from _say(kind, occasion)


def cause_of(event: Event) -> Cause:
    """The event as its messages carry it on."""
    return Cause(
        event_id=event.id,
        source=event.source,
        type=event.type,
        time=event.time,
        actor=event.actor,
        subject=event.subject,
        data=data_to_plain(event.data) or {},
    )


def _is_for_a_batch(kind: Kind, event: Event) -> bool:
    return isinstance(kind.audience, Batch) and event.type == kind.audience.whole


def _call(kind: Kind, occasion: Occasion) -> Iterator[Effect]:
    off = switched_off(kind, occasion)
    if off:
        for channel in kind.channels:
            yield _drop(kind, occasion, channel, off)
    elif isinstance(kind.audience, Batch):
        yield from call_together(kind.audience, kind, occasion)


def _say(kind: Kind, occasion: Occasion) -> Iterator[Effect]:
    if occasion.standing and occasion.standing.stale_because:
        yield _drop(kind, occasion, None, Refusal(reason=occasion.standing.stale_because))
        return
    yield from _emission(kind, occasion)
    for channel, timing in kind.channels.items():
        refused = refusal(kind, occasion)
        if refused:
            yield _drop(kind, occasion, channel, refused)
        elif isinstance(timing, AtOnce):
            yield from _at_once(kind, channel, occasion)
        else:
            yield from _later(kind, channel, timing, occasion)


def _emission(kind: Kind, occasion: Occasion) -> Iterator[Effect]:
    """What a kind publishes happens also when its own message is off; not when all that it belongs to is."""
    kinds = occasion.known.settings.kinds
    if kind.emits is None or not kinds[SHARED.get(kind.name, kind.name)].enabled:
        return
    hour = _hour(kind, kind.emits.at, occasion)
    if hour is not None:
        yield from emit_later(kind.emits.event_type, hour.due, occasion)


def _at_once(kind: Kind, channel: Channel, occasion: Occasion) -> Iterator[Effect]:
    event, known = occasion.event, occasion.known
    repeated = already_said(kind, channel, occasion)
    if repeated:
        yield _drop(kind, occasion, channel, repeated)
        return
    contact = occasion.tables.get(CONTACTS, row_key(event.tenant, event.subject))
    recipients: list[Recipient | None] = [None]
    if isinstance(kind.audience, Staff):
        recipients = [*staff_with_role(kind.audience.role, channel, known)]
        if not recipients:
            facts = {"staff_with_role": kind.audience.role, "found": 0}
            yield _drop(kind, occasion, channel, Refusal(reason=Reason.NO_ADDRESS.of(channel), facts=facts))
    for recipient in recipients:
        candidate = candidate_for(
            kind, channel, occasion.cause, event.tenant, contact, occasion.record.now, known, recipient=recipient
        )
        yield Forward(topic=MESSAGES.name, key=candidate.key, value=candidate)
        yield from note_said(kind, candidate, occasion)


def _later(kind: Kind, channel: Channel, timing: Planned, occasion: Occasion) -> Iterator[Effect]:
    own = occasion.known.settings.kinds[kind.name]
    hour = _hour(kind, timing, occasion)
    if hour is None:
        facts = {settings_path(kind, timing.setting): None}
        yield _drop(kind, occasion, channel, Refusal(reason=Reason.SETTING_OFF.of(timing.setting), facts=facts))
        return
    due = hour.due
    if due < occasion.event.time:
        if own.late_policy == "skip" or hour.moment < occasion.event.time:
            late = {**hour.facts, "due": due.isoformat(), "late_policy": own.late_policy}
            missed = Refusal(reason=Reason.REMINDER_WINDOW_PASSED, facts=late)
            yield _drop(kind, occasion, channel, missed, due=due)
            return
        due = occasion.record.now
    useful_until = hour.useful_until or _useful_until(kind, occasion)
    yield from plan(kind, channel, due, useful_until, occasion, hour.facts)


def _hour(kind: Kind, timing: Planned, occasion: Occasion) -> Hour | None:
    """When a timing of this kind is due; None while its setting is unset."""
    own = occasion.known.settings.kinds[kind.name]
    if getattr(own, timing.setting) is None:
        return None
    timezone = occasion.known.settings.timezone
    return timing.hour(Telling(time=occasion.event.time, data=occasion.data, timezone=timezone), own)


def _useful_until(kind: Kind, occasion: Occasion) -> datetime | None:
    if kind.useful_until is None:
        return None
    return field_instant(occasion.data, kind.useful_until, occasion.known.settings.timezone)


def _drop(
    kind: Kind, occasion: Occasion, channel: Channel | None, refused: Refusal, *, due: datetime | None = None
) -> Effect:
    return decided(
        occasion.event,
        occasion.record,
        occasion.known,
        outcome=Outcome.DROPPED,
        reason=refused.reason,
        kind=kind.name,
        channel=channel,
        contact=None if isinstance(kind.audience, Staff) else occasion.event.subject or None,
        facts=refused.facts,
        due=due,
    )
