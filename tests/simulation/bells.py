"""Two stages that notice everything: each counts what it is given, so a record lost or seen twice changes it all."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from processors.effects import Delete, Effect, Forward, Put, Record, Refuse, Table, Tables, prefix_end
from processors.timers import arm, disarm, fire_due
from schemas.decision import Decision
from schemas.envelope import Event
from schemas.events import FreeRecord
from schemas.faults import Fault
from schemas.state import Alarm, Seen
from schemas.topics import AUDIENCE, DECISIONS, EVENTS, TICKS
from schemas.words import Outcome
from streams.stage import Stage

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
COUNTS = Table(name="counts", holds=Alarm)
TIMERS = Table(name="timers", holds=Alarm)
HEARD = Table(name="heard", holds=Seen)
MENDED = Table(name="mended", holds=Seen)
LOOSE = "/loose"
"""Ends the row of a timer that fails until its bell is mended."""


def bell(event_id: str, subject: str, event_type: str, wait_seconds: int = 0) -> Event:
    """An event about one bell."""
    values = {"wait": wait_seconds}
    return Event(id=event_id, type=event_type, tenant="t", time=NOON, subject=subject, data=FreeRecord(values=values))


def on_event(record: Record, tables: Tables) -> Iterator[Effect]:
    """Count the event, and say which it is; set a timer, stop one, mend a bell, or fail after all of that."""
    event: Any = record.value
    count = _next(tables, record.key)
    yield count
    yield _answer(event, f"{event.id}#{count.value.row}", record)  # type: ignore[attr-defined]  # an Alarm
    row = f"{record.key}/{event.id}"
    match event.type:
        case "bell.set":
            yield arm(TIMERS, record.now + timedelta(seconds=event.data.values["wait"]), row)
        case "bell.loosened":
            yield arm(TIMERS, record.now + timedelta(seconds=event.data.values["wait"]), row + LOOSE)
        case "bell.mended":
            yield Put(table=MENDED, key=record.key, value=Seen(at=record.now))
        case "bell.stopped":
            for key, _ in tables.range(TIMERS, "", "~", 3):
                yield Delete(table=TIMERS, key=key)
            yield _answer(event, f"{event.id}:{len(tables.range(TIMERS, '', '~', 100))} left", record)
        case "bell.moved":
            for key, alarm in tables.range(TIMERS, "", "~", 1):
                yield disarm(TIMERS, datetime.fromtimestamp(int(key.partition("\0")[0]) / 1000, UTC), alarm.row)
                yield arm(TIMERS, record.now + timedelta(seconds=1), alarm.row)
        case "bell.cracked":
            raise ZeroDivisionError("a crack")
        case "bell.refused":
            yield Refuse(faults=(Fault(path="tone", reason="out of tune"),))


def on_tick(record: Record, tables: Tables) -> Iterator[Effect]:
    """Ring what is due; how many rang before is part of what is said. A loose one fails after it has rung."""
    yield from fire_due(TIMERS, tables, record.now, partial(_wake, record, tables))


def _wake(record: Record, tables: Tables, row: str) -> Iterator[Effect]:
    key, _, event_id = row.removesuffix(LOOSE).partition("/")
    count = _next(tables, key)
    yield count
    yield _answer(bell(event_id, key.partition("|")[2], "bell.rung"), f"{event_id} rang as {_count(count)}", record)
    if row.endswith(LOOSE) and tables.get(MENDED, key) is None:
        raise LookupError("the clapper is loose")


def on_answer(record: Record, tables: Tables) -> Iterator[Effect]:
    """Count each answer once, by its id, as every stage has to that reads what another stage says."""
    event: Any = record.value
    if tables.get(HEARD, event.id) is not None:
        return
    yield Put(table=HEARD, key=event.id, value=Seen(at=record.now))
    count = _next(tables, record.key)
    yield count
    heard = len(tables.range(HEARD, event.id[:2], prefix_end(event.id[:2]), 100))
    origin = event.id.split("#")[0].split(":")[0].split(" ")[0]
    decision = Decision(
        tenant="t",
        event_id=origin,
        outcome=Outcome.SENT,
        at=record.now,
        message_id=event.id,
        facts={"count": _count(count), "heard": heard},
    )
    yield Forward(topic=DECISIONS.name, key=record.key, value=decision)


def _next(tables: Tables, key: str) -> Put:
    before = tables.get(COUNTS, key)
    return Put(table=COUNTS, key=key, value=Alarm(row=str(int(before.row) + 1 if before else 1)))


def _count(put: Put) -> str:
    assert isinstance(put.value, Alarm)
    return put.value.row


def _answer(event: Event, answer_id: str, record: Record) -> Forward:
    answer = bell(answer_id, event.subject, "bell.answered")
    return Forward(topic=AUDIENCE.name, key=record.key or answer.key, value=answer)


RING = Stage(
    name="ring", reads={EVENTS.name: on_event, TICKS.name: on_tick}, tables=(COUNTS, TIMERS, MENDED), timers=TIMERS
)
HEAR = Stage(name="hear", reads={AUDIENCE.name: on_answer}, tables=(COUNTS, HEARD))
BELLS = (RING, HEAR)
