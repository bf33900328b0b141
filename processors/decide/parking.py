"""Parking: events of a tenant whose settings have not been seen yet wait a little, in order.

Settings travel through their own topic, so an event sent right behind its tenant's first settings may overtake them.
Ten seconds later the tenant counts as unknown, and its events are refused: they are dead letters, and replayable.
"""

from collections.abc import Iterator
from datetime import timedelta

from processors.decide.tables import PARKED, PARKING, TIMERS
from processors.effects import Delete, Effect, Forward, Put, Record, Tables, prefix_end, row_key
from processors.settings import in_force
from processors.timers import arm
from schemas.clock import to_millis
from schemas.envelope import Event
from schemas.state import Parked, Parking
from schemas.topics import AUDIENCE
from schemas.wire import event_from_mapping, event_to_json

PATIENCE = timedelta(seconds=10)
PAUSE = timedelta(seconds=1)
RELEASED_AT_ONCE = 500


def parks(event: Event, tables: Tables) -> bool:
    """Whether the event must wait: its tenant is unknown, or older events of the tenant wait still."""
    if event.type == "settings.changed":
        return False
    return in_force(tables, event.tenant) is None or tables.get(PARKING, event.tenant) is not None


def park(event: Event, record: Record, tables: Tables) -> Iterator[Effect]:
    """Put the event behind those that wait."""
    key = row_key(event.tenant, f"{to_millis(record.now):015d}", event.source, event.id)
    yield Put(table=PARKED, key=key, value=Parked(event=event_to_json(event), at=record.now))
    if tables.get(PARKING, event.tenant) is None:
        yield Put(table=PARKING, key=event.tenant, value=Parking(until=record.now + PATIENCE))
        yield arm(TIMERS, record.now + PAUSE, row_key("parking", event.tenant))


def unpark(tenant: str, record: Record, tables: Tables) -> Iterator[Effect]:
    """Let the events go on when the tenant is known or patience is at its end; else look again later."""
    parking = tables.get(PARKING, tenant)
    if parking is None:
        return
    if in_force(tables, tenant) is None and record.now < parking.until:
        yield arm(TIMERS, record.now + PAUSE, row_key("parking", tenant))
        return
    prefix = row_key(tenant, "")
    waiting = tables.range(PARKED, prefix, prefix_end(prefix), RELEASED_AT_ONCE)
    for key, parked in waiting:
        event = event_from_mapping(parked.event)
        yield Forward(topic=AUDIENCE.name, key=event.key, value=event)
        yield Delete(table=PARKED, key=key)
    if len(waiting) == RELEASED_AT_ONCE:
        yield arm(TIMERS, record.now, row_key("parking", tenant))
    else:
        yield Delete(table=PARKING, key=tenant)
