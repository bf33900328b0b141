"""Two small stages to try a runner with: bells that are set, stopped and rung, and a tally of what was rung."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from processors.effects import Delete, Effect, Forward, Put, Record, Refuse, Table, Tables
from processors.timers import arm, disarm, fire_due
from schemas.consent import Consent
from schemas.decision import Decision
from schemas.envelope import Event
from schemas.events import FreeRecord
from schemas.faults import Fault
from schemas.state import Alarm, Seen
from schemas.topics import CONSENTS, DECISIONS, EVENTS, TICKS
from schemas.words import Outcome
from streams.stage import Stage

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
BELLS: Table[Seen] = Table(name="bells", holds=Seen)
TIMERS: Table[Alarm] = Table(name="timers", holds=Alarm)
TALLY: Table[Seen] = Table(name="tally", holds=Seen)


def bell(event_type: str, subject: str, *, after_seconds: int = 0, event_id: str | None = None) -> Event:
    """An event about one bell."""
    return Event(
        id=event_id or f"{event_type}/{subject}/{after_seconds}",
        type=event_type,
        tenant="tower",
        time=NOON,
        subject=subject,
        data=FreeRecord(values={"after_seconds": after_seconds}),
    )


def on_event(record: Record, tables: Tables) -> Iterator[Effect]:
    """Set a bell, stop it, or fail in one of the ways a stage can fail."""
    event: Any = record.value
    row = tables.get(BELLS, record.key)
    match event.type:
        case "bell.set":
            due = record.now + timedelta(seconds=event.data.values["after_seconds"])
            if row is not None:
                yield disarm(TIMERS, row.at, record.key)
            yield Put(table=BELLS, key=record.key, value=Seen(at=due))
            yield arm(TIMERS, due, record.key)
        case "bell.stopped" if row is not None:
            yield disarm(TIMERS, row.at, record.key)
            yield Delete(table=BELLS, key=record.key)
        case "bell.refused":
            yield Delete(table=BELLS, key=record.key)
            yield _decision(event.id, record)
            yield Refuse(faults=(Fault(path="data.tone", reason="is out of tune"),))
        case "bell.cracked":
            yield Put(table=BELLS, key=record.key, value=Seen(at=NOON))
            raise ZeroDivisionError("a crack")


def on_tick(record: Record, tables: Tables) -> Iterator[Effect]:
    """Ring what is due."""
    yield from fire_due(TIMERS, tables, record.now, partial(_wake, record, tables))


def _wake(record: Record, tables: Tables, row: str) -> Iterator[Effect]:
    bell = tables.get(BELLS, row)
    yield Delete(table=BELLS, key=row)
    yield _decision(row, record, due=bell.at if bell else None)


def on_decision(record: Record, tables: Tables) -> Iterator[Effect]:
    """Count: the row is written and read again while the function runs."""
    decision: Any = record.value
    yield Put(table=TALLY, key=decision.event_id, value=Seen(at=record.now))
    assert tables.get(TALLY, decision.event_id) == Seen(at=record.now)
    consent = Consent(tenant=decision.tenant, address=decision.event_id)
    yield Forward(topic=CONSENTS.name, key=consent.key, value=consent)


def _decision(event_id: str, record: Record, due: datetime | None = None) -> Forward:
    decision = Decision(tenant="tower", event_id=event_id, outcome=Outcome.SENT, at=record.now, due=due)
    return Forward(topic=DECISIONS.name, key=f"tower|{event_id}", value=decision)


RINGING = Stage(
    name="ringing", reads={EVENTS.name: on_event, TICKS.name: on_tick}, tables=(BELLS, TIMERS), timers=TIMERS
)
COUNTING = Stage(name="counting", reads={DECISIONS.name: on_decision}, tables=(TALLY,), shared=(CONSENTS.name,))
TOWER = (RINGING, COUNTING)
