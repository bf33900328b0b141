"""What kinds say to an event: candidates that leave at once, plans for later, a decision for what stays unsaid."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from processors.decide.tables import CONTACTS
from processors.decide.threads import stand
from processors.decisions import decided
from processors.effects import Effect, Forward, Record, Tables, row_key
from processors.kind import AtOnce, HoursBefore, Kind, Staff, field_instant
from processors.kinds import BY_EVENT
from processors.occasion import Occasion
from processors.recipients import candidate_for, staff_with_role
from processors.schedule import plan
from processors.settings import InForce
from schemas.candidate import Cause, Recipient
from schemas.envelope import Event
from schemas.event_data import data_to_plain
from schemas.events import STATE_ONLY
from schemas.reasons import Reason
from schemas.topics import MESSAGES
from schemas.words import Channel, Outcome


def answer(event: Event, record: Record, tables: Tables, known: InForce) -> Iterator[Effect]:
    """Every kind that this event concerns says what becomes of it; an event that concerns none is explained too."""
    standing = yield from stand(event, record, tables, known)
    occasion = Occasion(
        event=event, cause=cause_of(event), record=record, tables=tables, known=known, standing=standing
    )
    kinds = [kind for kind in BY_EVENT.get(event.type, ()) if kind.when(event)]
    for kind in kinds:
        yield from _say(kind, occasion)
    if not kinds and not (standing and standing.ended_plans) and event.type not in STATE_ONLY:
        yield decided(event, record, known, outcome=Outcome.DROPPED, reason=Reason.NO_RULE_MATCHED)


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


def _say(kind: Kind, occasion: Occasion) -> Iterator[Effect]:
    if occasion.standing and occasion.standing.stale_because:
        yield _drop(kind, occasion, None, occasion.standing.stale_because, {})
        return
    for channel, timing in kind.channels.items():
        off = _switched_off(kind, occasion)
        if off:
            yield _drop(kind, occasion, channel, Reason.SETTING_OFF.of(off), {_path(kind, off): False})
        elif isinstance(timing, AtOnce):
            yield from _at_once(kind, channel, occasion)
        else:
            yield from _later(kind, channel, timing, occasion)


def _switched_off(kind: Kind, occasion: Occasion) -> str | None:
    """The first switch of the kind that is off; `enabled` is one of every kind."""
    kinds = occasion.known.settings.kinds
    if not kinds[kind.name].enabled:
        return "enabled"
    for switch in kind.switches:
        if not getattr(kinds[switch.of or kind.name], switch.key):
            return switch.key
    return None


def _path(kind: Kind, key: str) -> str:
    of = next((switch.of for switch in kind.switches if switch.key == key and switch.of), kind.name)
    return f"kinds.{of}.{key}"


def _at_once(kind: Kind, channel: Channel, occasion: Occasion) -> Iterator[Effect]:
    event, known = occasion.event, occasion.known
    contact = occasion.tables.get(CONTACTS, row_key(event.tenant, event.subject))
    recipients: list[Recipient | None] = [None]
    if isinstance(kind.audience, Staff):
        recipients = [*staff_with_role(kind.audience.role, channel, known)]
        if not recipients:
            facts = {"staff_with_role": kind.audience.role, "found": 0}
            yield _drop(kind, occasion, channel, Reason.NO_ADDRESS.of(channel), facts)
    for recipient in recipients:
        candidate = candidate_for(
            kind, channel, occasion.cause, event.tenant, contact, occasion.record.now, known, recipient=recipient
        )
        yield Forward(topic=MESSAGES.name, key=candidate.key, value=candidate)


def _later(kind: Kind, channel: Channel, timing: HoursBefore, occasion: Occasion) -> Iterator[Effect]:
    own = occasion.known.settings.kinds[kind.name]
    hours = getattr(own, timing.setting)
    if hours is None:
        path = f"kinds.{kind.name}.{timing.setting}"
        yield _drop(kind, occasion, channel, Reason.SETTING_OFF.of(timing.setting), {path: None})
        return
    timezone = occasion.known.settings.timezone
    moment = field_instant(occasion.data, timing.of, timezone)
    if moment is None:
        raise ValueError(f"event {occasion.event.id!r} of kind {kind.name} has no time {timing.of!r}")
    due = timing.due(moment, hours)
    facts = {timing.setting: hours, timing.of: moment.isoformat()}
    if due < occasion.event.time:
        if own.late_policy == "skip" or moment < occasion.event.time:
            facts |= {"due": due.isoformat(), "late_policy": own.late_policy}
            yield _drop(kind, occasion, channel, Reason.REMINDER_WINDOW_PASSED, facts, due=due)
            return
        due = occasion.record.now
    yield from plan(kind, channel, due, _useful_until(kind, occasion), occasion, facts)


def _useful_until(kind: Kind, occasion: Occasion) -> datetime | None:
    if kind.useful_until is None:
        return None
    return field_instant(occasion.data, kind.useful_until, occasion.known.settings.timezone)


def _drop(
    kind: Kind,
    occasion: Occasion,
    channel: Channel | None,
    reason: str,
    facts: Mapping[str, object],
    *,
    due: datetime | None = None,
) -> Effect:
    return decided(
        occasion.event,
        occasion.record,
        occasion.known,
        outcome=Outcome.DROPPED,
        reason=reason,
        kind=kind.name,
        channel=channel,
        contact=None if isinstance(kind.audience, Staff) else occasion.event.subject or None,
        facts=facts,
        due=due,
    )
