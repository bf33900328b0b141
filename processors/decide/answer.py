"""What kinds say to an event: candidates that leave at once, plans for later, a decision for what stays unsaid."""

from collections.abc import Iterator, Sequence

from processors.addressees import addressees, entries_of, on_its_way
from processors.as_it_stands import only_says_how_things_stand
from processors.decide.audience import call, may_travel, travels
from processors.decide.batches import enlist
from processors.decide.digest import collect
from processors.decide.logins import GIVE_A_LOGIN, note_login
from processors.decide.objections import Refusal, dropped, refusal, settings_path
from processors.decide.planning import emission, say_later, useful_until
from processors.decide.rebooking import REBOOKABLE, rebook
from processors.decide.repetition import already_said, note_said
from processors.decide.threads import stand
from processors.decisions import decided
from processors.effects import Effect, Record, Tables
from processors.kind import Addressed, AtOnce, DigestWindow, Kind, MainPhone, Staff
from processors.kinds import BATCHES, BY_EVENT
from processors.occasion import Occasion
from processors.recipients import candidate_for, staff_with_role
from processors.schedule import plan
from processors.settings import InForce
from schemas.candidate import Cause, Recipient
from schemas.consent import MARKETING
from schemas.envelope import Event
from schemas.event_data import data_to_plain
from schemas.events import STATE_ONLY, Patch
from schemas.reasons import Reason
from schemas.replacing import replace
from schemas.words import Channel, Outcome


def answer(event: Event, record: Record, tables: Tables, known: InForce) -> Iterator[Effect]:
    """Every kind that this event concerns says what becomes of it; an event that concerns none is explained too."""
    if event.type in GIVE_A_LOGIN:
        yield note_login(event)
    if event.type in BATCHES:
        yield from enlist(event, BATCHES[event.type], tables)
    cause = cause_of(event)
    standing, withdrawn = stand(event, cause.data, record, tables, known)
    yield from withdrawn
    occasion = Occasion(event=event, cause=cause, record=record, tables=tables, known=known, standing=standing)
    if event.type in REBOOKABLE:
        occasion = replace(occasion, turn=(yield from rebook(occasion)))
    kinds = [kind for kind in known.kinds_on(event.type) if kind.when(event)]
    answered: set[str] = set()
    for kind in kinds:
        yield from call(kind, occasion) if travels(kind, event) else _say(kind, occasion, answered)
    if not kinds and not (standing and standing.ended_plans) and event.type not in STATE_ONLY:
        facts = {"type": event.type}
        yield decided(event, record, known, outcome=Outcome.DROPPED, reason=Reason.NO_RULE_MATCHED, facts=facts)


def answer_as_rule(event: Event, record: Record, tables: Tables, known: InForce) -> Iterator[Effect]:
    """What rules say to an event that has changed what is known. None answers that a contact is erased: it is gone."""
    is_erasure = isinstance(event.data, Patch) and event.data.patch is None
    if known.kinds_on(event.type) and not is_erasure and not only_says_how_things_stand(event):
        yield from answer(event, record, tables, known)


def answer_for_one(event: Event, record: Record, tables: Tables, known: InForce) -> Iterator[Effect]:
    """What kinds say to an event that travelled to one of its contacts, who is the subject here."""
    occasion = Occasion(event=event, cause=cause_of(event), record=record, tables=tables, known=known, standing=None)
    for kind in BY_EVENT.get(event.type, ()):
        if may_travel(kind, event) and kind.when(event):
            yield from _say(kind, occasion, set())


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


def _say(kind: Kind, occasion: Occasion, answered: set[str]) -> Iterator[Effect]:
    """What one kind says; `answered` are the exclusive groups that have answered the event."""
    stale = occasion.standing.stale_because if occasion.standing else None
    if stale:
        for channel in _channels(kind, occasion):
            yield dropped(kind, occasion, channel, Refusal(reason=stale))
        return
    if kind.emits is not None:
        yield from emission(kind.emits, kind, occasion)
    for channel in _channels(kind, occasion):
        refused = refusal(kind, occasion) or _not_by(channel, kind, occasion) or _not_exclusive(kind, answered)
        if refused:
            yield dropped(kind, occasion, channel, refused)
            continue
        if kind.exclusive_group:
            answered.add(kind.exclusive_group)
        match kind.channels[channel]:
            case AtOnce():
                yield from _at_once(kind, channel, occasion)
            case DigestWindow() as window:
                yield from collect(kind, channel, window, occasion)
            case timing:
                yield from say_later(kind, channel, timing, occasion)


def _channels(kind: Kind, occasion: Occasion) -> tuple[Channel, ...]:
    if kind.channel_in is None:
        return tuple(kind.channels)
    return (Channel(str(occasion.data[kind.channel_in])),)


def _not_by(channel: Channel, kind: Kind, occasion: Occasion) -> Refusal | None:
    """A channel that the kind must not use: one that the event chose, or, for what is marketing, a tenant's numbers."""
    facts: dict[str, object] = {}
    if channel not in kind.channels:
        facts = {"channels_of_this_kind": sorted(kind.channels)}
    elif occasion.known.settings.kinds[kind.name].category == MARKETING and not channel.takes_marketing:
        facts = {settings_path(kind, "category"): MARKETING}
    return Refusal(reason=Reason.CLASS_NOT_ALLOWED_ON_SENDER, facts=facts) if facts else None


def _not_exclusive(kind: Kind, answered: set[str]) -> Refusal | None:
    if kind.exclusive_group not in answered:
        return None
    return Refusal(reason=Reason.NOT_EXCLUSIVE, facts={"exclusive_group": kind.exclusive_group})


def _at_once(kind: Kind, channel: Channel, occasion: Occasion) -> Sequence[Effect]:
    silent = _silent(occasion) or already_said(kind, channel, occasion)
    if silent:
        return (dropped(kind, occasion, channel, silent),)
    turn, until = occasion.turn, useful_until(kind, occasion)
    effects: list[Effect] = []
    if turn.held_until is not None:
        for entry in entries_of(kind):
            effects += plan(kind, channel, turn.held_until, until, occasion, turn.facts, to=entry)
        return effects
    recipients = _recipients(kind, channel, occasion)
    if isinstance(kind.audience, Staff) and not recipients:
        facts = {"staff_with_role": kind.audience.role, "found": 0}
        return (dropped(kind, occasion, channel, Refusal(reason=Reason.NO_ADDRESS.of(channel), facts=facts)),)
    contact = occasion.contact
    for recipient, about in recipients:
        candidate = candidate_for(
            kind,
            channel,
            occasion.cause,
            occasion.event.tenant,
            contact,
            occasion.record.now,
            occasion.known,
            recipient=recipient,
            useful_until=until,
            about=about,
        )
        effects.append(on_its_way(candidate))
        said = note_said(kind, candidate, occasion)
        if said is not None:
            effects.append(said)
    return effects


def _silent(occasion: Occasion) -> Refusal | None:
    reason = occasion.turn.silent_because
    return Refusal(reason=reason, facts=occasion.turn.facts) if reason else None


def _recipients(kind: Kind, channel: Channel, occasion: Occasion) -> list[tuple[Recipient | None, str | None]]:
    """Who gets a message that leaves at once, and what tells it apart; None is the contact it is about."""
    match kind.audience:
        case Staff(role=role):
            return [(member, None) for member in staff_with_role(role, channel, occasion.known)]
        case MainPhone():
            phone = occasion.known.settings.main_phone
            return [(Recipient(to=phone, missing=None if phone else Reason.NO_ADDRESS.of(channel)), None)]
        case Addressed(to=to):
            return [
                (found.recipient, found.about)
                for entry in dict.fromkeys(to)
                for found in addressees(entry, channel, occasion.cause, occasion.data, occasion.known)
            ]
        case _:
            return [(None, None)]
