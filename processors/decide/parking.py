"""Parking: events of a tenant whose settings have not been seen yet wait a little, in order.

Settings travel through their own topic, so an event sent right behind its tenant's first settings may overtake them.
Ten seconds later the tenant counts as unknown, and its events are refused: they are dead letters, and replayable.

Where settings stand that this version of Tidings refuses, though an older one took them, events wait until others do.
"""

from collections.abc import Iterator
from datetime import timedelta

from processors.decide.tables import PARKED, PARKING, TIMERS
from processors.effects import Delete, Effect, Forward, Put, Record, Tables, prefix_end, row_key
from processors.settings import InForce, in_force, refusal_of
from processors.timers import arm
from schemas.envelope import Event
from schemas.parking import ParkingOver
from schemas.replacing import replace
from schemas.state import Parked, Parking
from schemas.topics import AUDIENCE
from schemas.wire import event_from_mapping, event_to_json

PATIENCE = timedelta(seconds=10)
PAUSE = timedelta(seconds=1)
REFUSED_PAUSE = timedelta(minutes=1)
RELEASED_AT_ONCE = 500


def parks(event: Event, known: InForce | None, tables: Tables) -> bool:
    """Whether the event must wait: its tenant is unknown, or older events of the tenant wait still."""
    if event.type == "settings.changed":
        return False
    return known is None or tables.get(PARKING, event.tenant) is not None


def park(event: Event, record: Record, tables: Tables) -> Iterator[Effect]:
    """Put the event behind those that wait."""
    parking = tables.get(PARKING, event.tenant)
    if parking is None:
        parking = Parking(until=record.now + PATIENCE)
        yield arm(TIMERS, record.now + PAUSE, row_key("parking", event.tenant))
    key = row_key(event.tenant, f"{parking.parked:012d}")
    yield Put(table=PARKED, key=key, value=Parked(event=event_to_json(event), at=record.now))
    yield Put(table=PARKING, key=event.tenant, value=replace(parking, parked=parking.parked + 1))


def unpark(tenant: str, record: Record, tables: Tables) -> Iterator[Effect]:
    """Let the events go on when the tenant is known or patience is at its end; else look again later."""
    parking = tables.get(PARKING, tenant)
    if parking is None:
        return
    if in_force(tables, tenant) is not None:
        yield from release(tenant, tables)
    elif record.now < parking.until:
        yield arm(TIMERS, record.now + PAUSE, row_key("parking", tenant))
    elif refusal_of(tables, tenant):
        yield arm(TIMERS, record.now + REFUSED_PAUSE, row_key("parking", tenant))
    else:
        yield from release(tenant, tables)


def release(tenant: str, tables: Tables) -> Iterator[Effect]:
    """Send what waits through `audience`, and park what comes meanwhile, until nothing waits and nothing is on its way.

    All parked events of one partition have keys of that partition, so that the end of the queue arrives behind them.
    """
    prefix = row_key(tenant, "")
    waiting = tables.range(PARKED, prefix, prefix_end(prefix), RELEASED_AT_ONCE)
    if not waiting:
        yield Delete(table=PARKING, key=tenant)
        return
    for row, parked in waiting:
        event = event_from_mapping(parked.event)
        yield Forward(topic=AUDIENCE.name, key=event.key, value=event)
        yield Delete(table=PARKED, key=row)
    yield Forward(topic=AUDIENCE.name, key=event.key, value=ParkingOver(tenant=tenant))
