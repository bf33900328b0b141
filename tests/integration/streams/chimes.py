"""A small stage for tests of the engine: answers each event once, and again after a while.

Run as a program it is a worker: `chimes.py BOOTSTRAP PREFIX HOME NAME READY_DESCRIPTOR WORKER_SETTINGS_AS_JSON`.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from processors.effects import Effect, Forward, Put, Record, Refuse, Table, Tables
from processors.timers import arm, fire_due
from schemas.clock import rfc3339
from schemas.envelope import Event
from schemas.events import FreeRecord
from schemas.faults import Fault
from schemas.state import Alarm, Seen
from schemas.topics import AUDIENCE, EVENTS, TICKS
from streams.stage import Stage
from streams.worker import serve
from tidings.config import Installation, Kafka, Worker

SEEN = Table(name="seen", holds=Seen)
ALARMS = Table(name="alarms", holds=Alarm)
WAIT = timedelta(milliseconds=300)


def on_event(record: Record, tables: Tables) -> Iterator[Effect]:
    """Answer `heard` and set an alarm; `again` if the event was taken before. Some events are poison on purpose."""
    event = record.value
    assert isinstance(event, Event)
    assert isinstance(event.data, FreeRecord)
    if tables.get(SEEN, event.id) is not None:
        yield answer("again", event.id, record)
        return
    yield Put(table=SEEN, key=event.id, value=Seen(at=record.now))
    yield arm(ALARMS, record.now + WAIT, event.id)
    yield answer("heard", event.id, record)
    match None if os.environ.get("CHIMES_ARE_MENDED") else event.data.values.get("poison"):
        case "raise":
            raise LookupError("no bell of that name")
        case "refuse":
            yield Refuse(faults=(Fault(path="data.poison", reason="is refused"),))
        case "long answer":
            yield answer("long", event.id, record, "x" * 1_100_000)
        case "much state":
            for number in range(20):
                yield Put(table=ALARMS, key=f"x{number}", value=Alarm(row="x" * 60_000))


def on_tick(record: Record, tables: Tables) -> Iterator[Effect]:
    """Answer `rang` for each alarm that is due."""
    yield from fire_due(ALARMS, tables, record.now, partial(_wake, record))


def _wake(record: Record, row: str) -> Iterator[Effect]:
    yield answer("rang", row, record)
    if "cracked" in row and not os.environ.get("CHIMES_ARE_MENDED"):
        raise ZeroDivisionError("a crack")


def answer(word: str, event_id: str, record: Record, padding: str = "") -> Forward:
    """One event on topic audience; its id says what became of which event."""
    event = Event(
        id=f"{word} {event_id}",
        type="bell.answered",
        tenant="chimes",
        subject=event_id,
        time=record.now,
        data=FreeRecord(values={"at": rfc3339(record.now), "padding": padding}),
    )
    return Forward(topic=AUDIENCE.name, key=event.key, value=event)


CHIMES = Stage(name="chimes", reads={EVENTS.name: on_event, TICKS.name: on_tick}, tables=(SEEN, ALARMS), timers=ALARMS)


def installation(bootstrap_servers: str, prefix: str, home: Path, name: str, **worker: Any) -> Installation:
    """An installation apart from all others on the same broker."""
    return Installation(
        kafka=Kafka(bootstrap_servers=bootstrap_servers, topic_prefix=prefix),
        home=home,
        worker=TypeAdapter(Worker).validate_python(
            {"name": name, "commit_interval_seconds": 0.2, "tick_interval_seconds": 0.2, **worker}
        ),
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    bootstrap_servers, prefix, home, name, descriptor, settings = sys.argv[1:]
    serve(
        (CHIMES,),
        installation(bootstrap_servers, prefix, Path(home), name, **json.loads(settings)),
        with_ticker=True,
        ready_descriptor=int(descriptor),
    )
