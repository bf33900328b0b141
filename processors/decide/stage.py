"""Stop 3 of 9 — decide. Before: settings. After: schedule. What an event means for whom.

Guarantee: an event is answered once; the same tenant, source and id again changes nothing. A record that has another
key than `tenant|subject` travels through `audience` first: all about one contact happens in one partition, in order.
"""

from collections.abc import Callable, Iterator

from processors.decide.answer import answer
from processors.decide.consent import on_consent_changed
from processors.decide.contact import on_contact_changed
from processors.decide.credits import on_credits_purchased
from processors.decide.parking import park, parks, unpark
from processors.decide.settings import on_settings_changed
from processors.decide.tables import SEEN, TIMERS
from processors.effects import Effect, Forward, Put, Record, Refuse, Tables, row_key
from processors.schedule import fire
from processors.settings import InForce, in_force
from processors.timers import due_rows
from schemas.envelope import Event
from schemas.faults import Fault
from schemas.state import Seen
from schemas.topics import AUDIENCE

Answer = Callable[[Event, Record, Tables, InForce], Iterator[Effect]]

STATE_CHANGES: dict[str, Answer] = {
    "contact.changed": on_contact_changed,
    "consent.changed": on_consent_changed,
    "credits.purchased": on_credits_purchased,
}
"""Events that have an answer of their own; every other event is answered by kinds."""


def on_event(record: Record, tables: Tables) -> Iterator[Effect]:
    """An event as it came from upstream."""
    event = _event(record)
    if record.key != event.key:
        yield Forward(topic=AUDIENCE.name, key=event.key, value=event)
        return
    if parks(event, tables):
        yield from park(event, record, tables)
        return
    yield from _take(event, record, tables)


def on_audience(record: Record, tables: Tables) -> Iterator[Effect]:
    """An event that was keyed anew, or whose tenant was waited for; what is still unknown now is refused."""
    yield from _take(_event(record), record, tables)


def on_tick(record: Record, tables: Tables) -> Iterator[Effect]:
    """What is due: planned messages, in due order, and events that wait for their tenant."""
    for row, remove in due_rows(TIMERS, tables, record.now):
        yield remove
        wake = unpark if row.startswith("parking\0") else fire
        yield from wake(row.partition("\0")[2], record, tables)


def _take(event: Event, record: Record, tables: Tables) -> Iterator[Effect]:
    heard = row_key(event.tenant, event.source, event.id)
    if tables.get(SEEN, heard) is not None:
        return
    yield Put(table=SEEN, key=heard, value=Seen(at=record.now))
    if event.type == "settings.changed":
        yield from on_settings_changed(event, record, tables)
        return
    known = in_force(tables, event.tenant)
    if known is None:
        yield Refuse(faults=(Fault(path="tenant", reason=f"tenant {event.tenant!r} has no settings"),))
        return
    yield from STATE_CHANGES.get(event.type, answer)(event, record, tables, known)


def _event(record: Record) -> Event:
    if not isinstance(record.value, Event):
        raise TypeError(f"topic {record.topic} carries a {type(record.value).__name__}, not an Event")
    return record.value
