"""The runners that the suite is run over, each as a function from cases to what came of them."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from schemas import wire
from schemas.clock import to_millis
from schemas.dead_letter import DeadLetter
from schemas.decision import Decision
from schemas.envelope import Event
from schemas.faults import Unreadable
from schemas.state import TenantSettings
from schemas.tick import Tick
from schemas.topics import AUDIENCE, DEAD_LETTERS, DECISIONS, EVENTS, PARTITIONS, SETTINGS, TICKS, Topic
from streams import topics_admin
from streams.client import partition_of, publisher, read_to_end
from tests.runners.cases import CASES, Case
from tests.runners.laboratory import LABORATORY, experiment, installation
from tests.simulation.broker import Broker, Row
from tests.simulation.disk import new_disk
from tests.simulation.fleet import Machine
from tests.simulation.group import Group
from tests.simulation.loop import simulate
from tests.simulation.process import Process
from tests.simulation.storm import Odds, Storm
from tests.simulation.worker import Parts, StageMember
from tidings.memory import MemoryRunner

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
PATIENCE_SECONDS = 120.0
KNOWN = TenantSettings(tenant="known", version=3, document={}, changed_at=NOON, event_id="e0")


@dataclass(slots=True)
class Result:
    """What one case came to: answers in order, dead letters in order, and what the second stage counted."""

    answers: list[tuple[str, Any]] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    timers_aside: list[DeadLetter] = field(default_factory=list)


Results = defaultdict[str, Result]


def in_memory(cases: Mapping[str, Case]) -> Results:
    """The in-memory runner; what cannot be read is set aside before it becomes a record, as in a rehearsal."""
    runner = MemoryRunner(LABORATORY, through_codec=True)
    watched = {topic: runner.watch(topic.name) for topic in (AUDIENCE, DEAD_LETTERS, DECISIONS)}
    runner.send(SETTINGS.name, KNOWN.tenant, KNOWN, NOON)
    for name, case in cases.items():
        for offset, (key, value, headers) in enumerate(_rows(name, case)):
            try:
                record = wire.decode(EVENTS, key, value, headers)
            except Unreadable as error:
                runner.set_aside(_unread(key, value, offset, error))
            else:
                runner.send(EVENTS.name, key.decode(), record, NOON)
    now = NOON
    while (due := runner.next_due()) is not None:
        now = max(now, due) + timedelta(milliseconds=200)
        runner.tick(now)
    return _results({topic: [record.value for record in records] for topic, records in watched.items()})


def in_engine(cases: Mapping[str, Case]) -> Results:
    """The engine without Faust and Kafka: runner, guard, overlay, units, outbox and journal, over a model of a log."""
    return simulate(_in_engine(cases))


async def _in_engine(cases: Mapping[str, Case]) -> Results:
    storm = Storm(rng=Random(1), odds=Odds())
    broker = Broker(storm, to_millis(NOON))
    numbers = range(PARTITIONS)
    groups = [Group(broker=broker, name=stage.name, partitions=numbers) for stage in LABORATORY]
    copies = {SETTINGS.name: {KNOWN.tenant: KNOWN}}
    disk = new_disk()

    def build(process: Process) -> None:
        for stage, group in zip(LABORATORY, groups, strict=True):
            StageMember(
                process=process,
                stage=stage,
                broker=broker,
                group=group,
                disk=disk,
                copies=copies,
                parts=Parts(),
            ).begin()

    machine = Machine("w", storm, build)
    for name, case in cases.items():
        for key, value, headers in _rows(name, case):
            broker.append(EVENTS.name, partition_of(key, PARTITIONS), [Row(key, value, headers)])
    await asyncio.sleep(5)
    for _ in range(4):
        broker.now_ms += 200
        for number in numbers:
            broker.append(TICKS.name, number, [Row(None, wire.encode(Tick(ticker="t")).value)])
        await asyncio.sleep(5)
    assert not machine.unexpected, machine.unexpected
    return _results({topic: _decoded(topic, broker) for topic in (AUDIENCE, DEAD_LETTERS, DECISIONS)})


def _decoded(topic: Topic, broker: Broker) -> list[object]:
    return [
        wire.decode(topic, record.key, record.value, record.headers)
        for number in range(PARTITIONS)
        for record in broker.history[topic.name, number]
    ]


def on_faust(cases: Mapping[str, Case], bootstrap_servers: str, home: Path) -> Results:
    """A worker process on a real broker."""
    return asyncio.run(_on_faust(cases, bootstrap_servers, home))


async def _on_faust(cases: Mapping[str, Case], bootstrap_servers: str, home: Path) -> Results:
    here = installation(bootstrap_servers, "runners.", home)
    await topics_admin.apply(here, LABORATORY)
    async with publisher(here.kafka, SETTINGS, EVENTS) as to:
        await to.send(SETTINGS, KNOWN.tenant.encode(), wire.encode(KNOWN).value)
        for name, case in cases.items():
            for key, value, headers in _rows(name, case):
                await to.send(EVENTS, key, value, headers)
    worker = _launch(here.kafka.bootstrap_servers, here.kafka.topic_prefix, home)
    try:
        answers = sum(len(case.answers) for case in cases.values())
        letters = sum(len(case.letters) + len(case.timers_aside) for case in cases.values())
        wanted = {AUDIENCE: answers, DEAD_LETTERS: letters, DECISIONS: answers}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = {topic: await _read(here, topic) for topic in wanted}
            if all(len(found[topic]) >= count for topic, count in wanted.items()) or time.monotonic() > deadline:
                return _results(found)
            await asyncio.sleep(0.2)
    finally:
        worker.kill()
        worker.wait()


async def _read(here: Any, topic: Topic) -> list[object]:
    return [wire.decode(topic, each.key, each.value, each.headers) async for each in read_to_end(here.kafka, topic)]


def _launch(bootstrap_servers: str, prefix: str, home: Path) -> "subprocess.Popen[bytes]":
    read, write = os.pipe()
    with (home / "worker.log").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.runners.laboratory", bootstrap_servers, prefix, str(home), str(write)],
            cwd=ROOT,
            pass_fds=(write,),
            stdout=log,
            stderr=log,
        )
    os.close(write)
    assert os.read(read, 100) == b"ready\n", (home / "worker.log").read_text()[-3000:]
    os.close(read)
    return worker


def _rows(name: str, case: Case) -> list[tuple[bytes, bytes, tuple[tuple[str, bytes], ...]]]:
    rows = []
    for number, event in enumerate(case.events):
        said = experiment(name, number, [] if isinstance(event, bytes) else [list(each) for each in event])
        encoded = wire.encode(said)
        value = event if isinstance(event, bytes) else encoded.value
        rows.append((said.key.encode(), value, encoded.headers))
    return rows


def _unread(key: bytes, value: bytes, offset: int, error: Unreadable) -> DeadLetter:
    return DeadLetter(
        topic=EVENTS.name,
        partition=0,
        offset=offset,
        stage="try",
        at=NOON,
        faults=error.faults,
        key=key,
        value=value,
        tenant=error.tenant,
        type=error.type,
        event_id=error.event_id,
    )


def _results(found: Mapping[Topic, list[object]]) -> Results:
    results: Results = defaultdict(Result)
    for event in found[AUDIENCE]:
        assert isinstance(event, Event)
        data: Any = event.data
        answer_id = event.id.removeprefix(f"{event.subject}.").removeprefix(f"{event.subject}/")
        results[event.subject].answers.append((answer_id, json.loads(data.values["words"])))
    for letter in found[DEAD_LETTERS]:
        assert isinstance(letter, DeadLetter)
        if letter.timer is None:
            results[str(letter.event_id).partition(".")[0]].letters.append(letter)
        else:
            results[_row_of(letter).partition("/")[0]].timers_aside.append(letter)
    for decision in found[DECISIONS]:
        assert isinstance(decision, Decision)
        count: Any = decision.facts["count"]
        results[decision.event_id.partition(".")[0].partition("/")[0]].counts.append(count)
    return results


def _row_of(letter: DeadLetter) -> str:
    return (letter.key or b"").decode().partition("\0")[2]


RUNNERS: Mapping[str, Callable[..., Results]] = {"memory": in_memory, "engine": in_engine, "faust": on_faust}
_DONE: dict[str, Results] = {}


def results_of(name: str, *where: Any) -> Results:
    """What a runner makes of all cases; each runner does them once."""
    if name not in _DONE:
        _DONE[name] = RUNNERS[name](CASES, *where)
    return _DONE[name]
