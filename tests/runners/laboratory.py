"""Two stages that do what they are told, so that one suite can ask every runner the same questions.

An event's data is a list of instructions; what a stage reads, it answers on topic `audience`. Run as a program it is a
worker of these stages: `laboratory.py BOOTSTRAP PREFIX HOME READY_DESCRIPTOR`.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from processors.effects import Delete, Effect, Fire, Forward, Put, Record, Refuse, Table, Tables
from processors.timers import arm, disarm, fire_due
from schemas.clock import from_millis, to_millis
from schemas.decision import Decision
from schemas.envelope import Event
from schemas.events import FreeRecord
from schemas.faults import Fault, Refused
from schemas.state import Alarm, Seen, TenantSettings
from schemas.topics import AUDIENCE, DECISIONS, EVENTS, SETTINGS, TICKS
from schemas.words import Outcome
from streams.stage import Stage
from streams.worker import serve
from tidings.config import Installation, Kafka, Worker

NOTES = Table(name="notes", holds=Alarm)
TIMERS = Table(name="timers", holds=Alarm)
HEARD = Table(name="heard", holds=Alarm)
Instruction = list[Any]


def experiment(case: str, number: int, instructions: list[Instruction]) -> Event:
    """The event that says what to do; all events of a case have one key."""
    return Event(
        id=f"{case}.{number}",
        type="experiment.begun",
        tenant="lab",
        subject=case,
        time=from_millis(0),
        data=FreeRecord(values={"do": json.dumps(instructions)}),
    )


def on_event(record: Record, tables: Tables) -> Iterator[Effect]:
    """Follow the instructions one by one; keys are the case's own."""
    event: Any = record.value
    for number, (word, *arguments) in enumerate(json.loads(event.data.values["do"])):
        for effect in _WORDS[word](record, tables, *arguments):
            is_said = isinstance(effect, _Said)
            yield answer(event.subject, f"{event.id}/{number}", effect.words, record.key) if is_said else effect


def on_tick(record: Record, tables: Tables) -> Iterator[Effect]:
    """Say which timers rang, in the order in which they were due."""
    yield from fire_due(TIMERS, tables, record.now, partial(_wake, record, tables))


def _wake(record: Record, tables: Tables, row: str) -> Iterator[Effect]:
    case, _, name = row.partition("/")
    yield answer(case, f"{row} rang", [name], f"lab|{case}")
    # A timer's name may say what else it does.
    word, *arguments = name.split(":")[1:] or ["well"]
    yield from _WAKES[word](tables, row, *arguments)


def _wake_well(tables: Tables, row: str) -> Iterator[Any]:
    yield from ()


def _wake_writing(tables: Tables, row: str) -> Iterator[Any]:
    """Write before it fails: nothing of this may be seen, and its own timer must be gone."""
    yield Put(table=NOTES, key=f"lab|{row.partition('/')[0]}/x", value=Alarm(row="half done"))
    yield arm(TIMERS, from_millis(0), row)
    raise LookupError(f"no {row.partition('/')[2]} here")


def _wake_refusing(tables: Tables, row: str) -> Iterator[Any]:
    yield Refuse(faults=(Fault(path="row", reason="is refused"),))


def _wake_much(tables: Tables, row: str, rows: str) -> Iterator[Any]:
    """Write so many rows of 60,000 bytes."""
    for number in range(int(rows)):
        yield Put(table=NOTES, key=f"lab|{row}/{number}", value=Alarm(row="x" * 60_000))


def _wake_nested(tables: Tables, row: str) -> Iterator[Any]:
    yield Fire(table=TIMERS, key="0", effects=iter(()))


_WAKES: Mapping[str, Callable[..., Iterator[Any]]] = {
    "well": _wake_well,
    "raise": _wake_writing,
    "refuse": _wake_refusing,
    "much": _wake_much,
    "fire": _wake_nested,
}


def on_answer(record: Record, tables: Tables) -> Iterator[Effect]:
    """The second stage: it keeps what it hears, and says how much that is."""
    event: Any = record.value
    yield Put(table=HEARD, key=event.id, value=Alarm(row=event.subject))
    count = len(tables.range(HEARD, f"{event.subject}.", f"{event.subject}/", 1000))
    decision = Decision(tenant="lab", event_id=event.id, outcome=Outcome.SENT, at=record.now, facts={"count": count})
    yield Forward(topic=DECISIONS.name, key=record.key, value=decision)


class _Said:
    """Something to answer; made into a record by `on_event`."""

    def __init__(self, words: object) -> None:
        self.words = words


def answer(case: str, answer_id: str, words: object, key: str, padding: int = 0) -> Forward:
    """What became of one instruction."""
    values = {"words": json.dumps(words), "padding": "x" * padding}
    event = Event(
        id=answer_id,
        type="experiment.ended",
        tenant="lab",
        subject=case,
        time=from_millis(0),
        data=FreeRecord(values=values),
    )
    return Forward(topic=AUDIENCE.name, key=key, value=event)


def _key(record: Record, name: str) -> str:
    return f"{record.key}/{name}"


def _put(record: Record, tables: Tables, name: str, row: str) -> Iterator[Any]:
    yield Put(table=NOTES, key=_key(record, name), value=Alarm(row=row))


def _delete(record: Record, tables: Tables, name: str) -> Iterator[Any]:
    yield Delete(table=NOTES, key=_key(record, name))


def _get(record: Record, tables: Tables, name: str) -> Iterator[Any]:
    row = tables.get(NOTES, _key(record, name))
    yield _Said(row.row if row else None)


def _range(record: Record, tables: Tables, low: str, high: str, limit: int) -> Iterator[Any]:
    rows = tables.range(NOTES, _key(record, low), _key(record, high), limit)
    yield _Said([[key.partition("/")[2], row.row] for key, row in rows])


def _say(record: Record, tables: Tables, *words: str) -> Iterator[Any]:
    yield _Said(list(words))


def _shared(record: Record, tables: Tables, tenant: str) -> Iterator[Any]:
    found = tables.shared(SETTINGS.name, tenant)
    yield _Said(found.version if isinstance(found, TenantSettings) else None)


def _arm(record: Record, tables: Tables, name: str, milliseconds: int) -> Iterator[Any]:
    yield arm(TIMERS, _due(record, milliseconds), f"{record.key.partition('|')[2]}/{name}")


def _disarm(record: Record, tables: Tables, name: str, milliseconds: int) -> Iterator[Any]:
    yield disarm(TIMERS, _due(record, milliseconds), f"{record.key.partition('|')[2]}/{name}")


def _due(record: Record, milliseconds: int) -> Any:
    return from_millis(to_millis(record.now)) + timedelta(milliseconds=milliseconds)


def _refuse(record: Record, tables: Tables, path: str, reason: str) -> Iterator[Any]:
    yield Refuse(faults=(Fault(path=path, reason=reason),))


def _raise(record: Record, tables: Tables, text: str) -> Iterator[Any]:
    yield from ()
    raise LookupError(text)


def _raise_refused(record: Record, tables: Tables, path: str, reason: str) -> Iterator[Any]:
    yield from ()
    raise Refused(Fault(path=path, reason=reason))


def _long(record: Record, tables: Tables, size: int) -> Iterator[Any]:
    event: Any = record.value
    yield answer(event.subject, f"{event.id}/long", [], record.key, padding=size)


def _wrong_row(record: Record, tables: Tables) -> Iterator[Any]:
    yield Put(table=NOTES, key=_key(record, "x"), value=Seen(at=record.now))


def _much(record: Record, tables: Tables, rows: int, size: int) -> Iterator[Any]:
    for number in range(rows):
        yield Put(table=NOTES, key=_key(record, f"much{number}"), value=Alarm(row="x" * size))


_WORDS: Mapping[str, Callable[..., Iterator[Any]]] = {
    "put": _put,
    "delete": _delete,
    "get": _get,
    "range": _range,
    "say": _say,
    "shared": _shared,
    "arm": _arm,
    "disarm": _disarm,
    "refuse": _refuse,
    "raise": _raise,
    "raise Refused": _raise_refused,
    "long answer": _long,
    "wrong row": _wrong_row,
    "much state": _much,
}

TRY = Stage(
    name="try",
    reads={EVENTS.name: on_event, TICKS.name: on_tick},
    tables=(NOTES, TIMERS),
    shared=(SETTINGS.name,),
    timers=TIMERS,
)
HEAR = Stage(name="hear", reads={AUDIENCE.name: on_answer}, tables=(HEARD,))
LABORATORY = (TRY, HEAR)


def installation(bootstrap_servers: str, prefix: str, home: Path) -> Installation:
    """The laboratory's own topics on a shared broker."""
    return Installation(
        kafka=Kafka(bootstrap_servers=bootstrap_servers, topic_prefix=prefix),
        home=home,
        worker=Worker(name="lab", commit_interval_seconds=0.2, tick_interval_seconds=0.2),
    )


if __name__ == "__main__":
    servers, prefix, home, descriptor = sys.argv[1:]
    here = installation(servers, prefix, Path(home))
    serve(LABORATORY, here, with_ticker=True, ready_descriptor=int(descriptor))
