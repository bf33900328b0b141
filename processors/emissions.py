"""Events that Tidings itself publishes at their hour: planned and withdrawn with the thread they belong to.

An emission is one row, its timer another, as with plans. Its id derives from what caused it, and its time is the hour
that was planned: published twice after a crash, it is the same event.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any, cast

from processors.decide.tables import EMISSIONS, TIMERS
from processors.effects import Delete, Effect, Forward, Put, Record, Tables, prefix_end, row_key
from processors.identity import emitted_id
from processors.occasion import Occasion
from processors.timers import arm, disarm, is_due
from schemas.clock import rfc3339
from schemas.envelope_reading import SPECVERSION
from schemas.events import EVENT_RECORDS
from schemas.shapes import shapes_of
from schemas.state import Emission
from schemas.topics import EVENTS
from schemas.wire import event_from_mapping

SOURCE = "/tidings"
EMISSIONS_OF_ONE_CONTACT = 10_000


def emit_later(event_type: str, due: datetime, occasion: Occasion) -> tuple[Effect, ...]:
    """Let an event about the same contact wait until `due`; one of the same thread has been withdrawn before."""
    event = occasion.event
    names, known = _names(event_type), occasion.data
    emitted = {
        "specversion": SPECVERSION,
        "id": emitted_id(
            tenant=event.tenant,
            source=event.source,
            event_id=event.id,
            subject=event.subject,
            event_type=event_type,
        ),
        "source": SOURCE,
        "type": event_type,
        "time": rfc3339(due),
        "tenant": event.tenant,
        "subject": event.subject,
        "data": {name: known[name] for name in names if name in known},
    }
    row = row_key(event.tenant, event.subject, occasion.thread, event_type)
    return Put(EMISSIONS, row, Emission(event=emitted, due=due)), arm(TIMERS, due, row_key("emission", row))


def emit(row: str, record: Record, tables: Tables) -> Iterator[Effect]:
    """The hour has come: the event is published, and comes back as any other."""
    emission = tables.get(EMISSIONS, row)
    if emission is None or not is_due(emission.due, record.now):  # a timer that was put back may come before its time
        return
    event = event_from_mapping(emission.event)
    yield Delete(table=EMISSIONS, key=row)
    yield Forward(topic=EVENTS.name, key=event.key, value=event)


def withdraw_emissions(prefix: str, tables: Tables) -> list[Effect]:
    """Let nothing of a thread, or of a contact, be published any more."""
    effects: list[Effect] = []
    for row, emission in tables.range(EMISSIONS, prefix, prefix_end(prefix), EMISSIONS_OF_ONE_CONTACT):
        effects += (Delete(EMISSIONS, row), disarm(TIMERS, emission.due, row_key("emission", row)))
    return effects


@cache
def _names(event_type: str) -> tuple[str, ...]:
    """The fields of this type of event, whose values a thread knows from events of the same fields."""
    return tuple(field.wire_name for field in shapes_of(cast("Any", EVENT_RECORDS[event_type])))
