"""Stop 3 of 9 — decide. Before: settings. After: schedule. What an event means for whom.

Guarantee: an event is answered once; the same tenant, source and id again changes nothing. A record that has another
key than `tenant|subject` travels through `audience` first: all about one contact happens in one partition, in order.
"""

from collections.abc import Callable, Iterator
from functools import partial

from processors.addressees import addressed
from processors.decide import allowance
from processors.decide.answer import answer, answer_as_rule, answer_for_one
from processors.decide.batches import divide, has_arrived
from processors.decide.consent import on_consent_changed
from processors.decide.contact import on_contact_changed
from processors.decide.credits import on_credits_purchased
from processors.decide.outcomes import counted
from processors.decide.parking import park, parks, release, unpark
from processors.decide.repetition import take_back
from processors.decide.reports import on_delivery_reported, on_unsubscribe_clicked
from processors.decide.settings import on_settings_changed, summary
from processors.decide.tables import CONTACTS, SEEN, TIMERS
from processors.effects import Effect, Forward, Put, Record, Refuse, Tables, row_key
from processors.emissions import emit
from processors.schedule import fire
from processors.settings import InForce, in_force, refusal_of
from processors.timers import fire_due
from schemas.allowance import PlaceGivenBack, Unsayable
from schemas.answered import Answered
from schemas.candidate import Candidate, Withdrawal
from schemas.envelope import Event
from schemas.faults import Fault
from schemas.message import Message
from schemas.parking import ParkingOver
from schemas.portion import Portion
from schemas.replacing import replace
from schemas.state import Seen
from schemas.topics import AUDIENCE
from schemas.unsaid import Unsaid
from schemas.wire import event_from_mapping

Answer = Callable[[Event, Record, Tables, InForce], Iterator[Effect]]

STATE_CHANGES: dict[str, Answer] = {
    "contact.changed": on_contact_changed,
    "consent.changed": on_consent_changed,
    "credits.purchased": on_credits_purchased,
    "delivery.reported": on_delivery_reported,
    "unsubscribe.clicked": on_unsubscribe_clicked,
}
"""Events that change what is known, before the rules on them answer; every other event is answered by kinds."""

WAKES: dict[str, Callable[[str, Record, Tables], Iterator[Effect]]] = {
    "parking": unpark,
    "plan": fire,
    "emission": emit,
}
"""What a timer wakes, by the first part of its row."""


def on_event(record: Record, tables: Tables) -> Iterator[Effect]:
    """An event as it came from upstream."""
    event = _event(record)
    if record.key != event.key:
        return iter((Forward(topic=AUDIENCE.name, key=event.key, value=event),))
    known = _known(event, tables)
    return park(event, record, tables) if parks(event, known, tables) else _take(event, record, tables, known)


def on_audience(record: Record, tables: Tables) -> Iterator[Effect]:
    """What was keyed anew: an event, that is for many or whose tenant was waited for, or a message and what ends it."""
    match record.value:
        case ParkingOver() as over:
            yield from release(over.tenant, tables)
        case Candidate() as candidate:
            yield from addressed(candidate, tables.get(CONTACTS, _whom(candidate)))
        case Message() | Unsayable() | PlaceGivenBack() | Withdrawal() as about_places:
            yield from allowance.hear(about_places, record, tables)
        case Portion() as portion if has_arrived(portion, record):
            yield from _take_portion(portion, record, tables)
        case Portion() as portion:
            yield from divide(portion)
        case Unsaid() as unsaid:
            yield from take_back(unsaid, tables)
        case Answered():
            return
        case _:
            event = _event(record)
            waits = event.type != "settings.changed" and refusal_of(tables, event.tenant)
            yield from park(event, record, tables) if waits else _take(event, record, tables, _known(event, tables))


def _whom(candidate: Candidate) -> str:
    return row_key(candidate.tenant, candidate.recipient.contact or "")


def on_tick(record: Record, tables: Tables) -> Iterator[Effect]:
    """What is due, in due order: planned messages and events, and events that wait for their tenant."""
    return fire_due(TIMERS, tables, record.now, partial(_wake, record, tables))


def _wake(record: Record, tables: Tables, row: str) -> Iterator[Effect]:
    what, _, waiting = row.partition("\0")
    return WAKES[what](waiting, record, tables)


def _known(event: Event, tables: Tables) -> InForce | None:
    """What is in force for an event; nobody asks for one that changes it, whatever is wrong with what stands."""
    return None if event.type == "settings.changed" else in_force(tables, event.tenant)


def _take(event: Event, record: Record, tables: Tables, known: InForce | None) -> Iterator[Effect]:
    heard = row_key(event.tenant, event.source, event.id)
    if tables.get(SEEN, heard) is not None:
        return
    yield Put(SEEN, heard, Seen(at=record.now))
    if event.type == "settings.changed":
        yield from counted(event, _change_settings(event, record, tables))
        return
    yield from _answered(event, record, tables, known, _change_state if event.type in STATE_CHANGES else answer)


def _change_settings(event: Event, record: Record, tables: Tables) -> Iterator[Effect]:
    """Settings change; then the rules that are in force now may say something to it."""
    changed = yield from on_settings_changed(event, record, tables)
    if changed is not None:
        yield from answer_as_rule(summary(event, changed.version), record, tables, changed)


def _change_state(event: Event, record: Record, tables: Tables, known: InForce) -> Iterator[Effect]:
    """What is known changes; then the tenant's rules may say something to it."""
    yield from STATE_CHANGES[event.type](event, record, tables, known)
    yield from answer_as_rule(event, record, tables, known)


def _take_portion(portion: Portion, record: Record, tables: Tables) -> Iterator[Effect]:
    """An event for many, at one of them: each hears of it once."""
    [contact] = portion.contacts
    event = replace(event_from_mapping(portion.event), subject=contact)
    heard = row_key(event.tenant, event.source, event.id, contact)
    if tables.get(SEEN, heard) is not None:
        return
    yield Put(table=SEEN, key=heard, value=Seen(at=record.now))
    yield from _answered(event, record, tables, in_force(tables, event.tenant), answer_for_one)


def _answered(
    event: Event, record: Record, tables: Tables, known: InForce | None, answer_it: Answer
) -> Iterator[Effect]:
    if known is None:
        return iter((Refuse(faults=tuple(_why_not(event.tenant, tables))),))
    return counted(event, answer_it(event, record, tables, known))


def _why_not(tenant: str, tables: Tables) -> Iterator[Fault]:
    """Why nothing is in force for a tenant."""
    refused = refusal_of(tables, tenant)
    if not refused:
        yield Fault(path="tenant", reason=f"tenant {tenant!r} has no settings")
    for fault in refused:
        yield Fault(path="tenant", reason=f"this version refuses the settings of tenant {tenant!r}: {fault}")


def _event(record: Record) -> Event:
    if not isinstance(record.value, Event):
        raise TypeError(f"topic {record.topic} carries a {type(record.value).__name__}, not an Event")
    return record.value
