"""The contest: our engine and its peers do the same job, in turns (A B C A B C …), each run from an empty state.

After each run what it wrote is read back: it must be a beginning of what the job has to say, in order, each once. So
no engine is fast by leaving something out.
"""

import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka import TopicPartition

from bench import job, worker
from bench.broker import Broker
from bench.environments import peer_environment, python_of
from bench.figures import Sample
from bench.processes import Running, launch, launch_until_ready
from bench.scale import Scale
from bench.stretch import measure
from schemas.checked_in import HERE, CheckedIn
from schemas.consent import Consent, ConsentChange
from schemas.topics import AUDIENCE, CONSENT_CHANGES, CONSENTS, EVENTS, PARTITIONS, SETTINGS
from streams import topics_admin
from streams.client import partition_of

Say = Callable[[str], None]


class Wrong(RuntimeError):
    """An engine did not do the job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One competitor; `script` names a peer's script, None is our own engine."""

    name: str
    script: str | None = None
    guarantee: str = ""
    is_slow: bool = False
    form: str = "change"


OURS = Engine(name="Tidings")
OURS_EVENT = Engine(name="Tidings, events with envelope", form="event")
STOCK = Engine(name="stock Faust", script="stock_faust", is_slow=True)
QUIX = Engine(name="Quix Streams, at least once", script="quix_streams", guarantee="at-least-once")
QUIX_ONCE = Engine(name="Quix Streams, exactly once", script="quix_streams", guarantee="exactly-once")
FASTSTREAM = Engine(name="FastStream", script="fast_stream", is_slow=True)
ENGINES = (OURS, QUIX, QUIX_ONCE, STOCK, FASTSTREAM, OURS_EVENT)


@dataclass(slots=True, kw_only=True)
class Result:
    """The samples of one engine with so many timers, a sample per round."""

    engine: Engine
    timers: int
    samples: list[Sample] = field(default_factory=list)


async def run(broker: Broker, scale: Scale, say: Say) -> list[Result]:
    """All rounds."""
    pythons = {engine.script: python_of(engine.script, say) for engine in ENGINES if engine.script}
    await fill(broker, scale)
    results = [Result(engine=engine, timers=timers) for timers in scale.timers for engine in ENGINES]
    for turn in range(scale.rounds):
        for number, result in enumerate(results):
            name = f"r{turn}n{number}"
            sample = await _one(result, name, broker, scale, pythons)
            result.samples.append(sample)
            say(f"round {turn + 1} {_titled(result)}: {sample.cpu_micros:.1f} µs, {sample.events_per_second:,.0f}/s")
    return results


async def fill(broker: Broker, scale: Scale) -> None:
    """The topics of the installation, its settings and the events of the job."""
    await topics_admin.apply(worker.installation(broker.servers, "", broker.home, "bench"))
    await broker.feed(SETTINGS.name, job.settings_entries())
    await broker.feed(CONSENT_CHANGES.name, job.change_entries(scale.fast_events))
    await broker.feed(EVENTS.name, job.event_entries(scale.fast_events))


async def _one(result: Result, name: str, broker: Broker, scale: Scale, pythons: dict[str | None, Path]) -> Sample:
    engine = result.engine
    count = scale.slow_events if engine.is_slow else scale.fast_events
    answers = job.expected(count)
    target = _target(engine, name)
    if engine.script:
        await broker.make(target)
    since = await broker.ends(target)
    async with _running(result, name, broker, pythons) as running:
        sample = await measure(
            running,
            broker,
            lambda: broker.count(target, since),
            target=len(answers),
            events_per_output=count / len(answers),
            window_seconds=scale.window_seconds,
        )
        running.require_alive()
    if engine.form == "change":
        await _require_right(engine.name, broker, target, since, job.expected(scale.fast_events))
    if engine.script:
        await broker.admin.delete_topics([target])
    return sample


def _target(engine: Engine, name: str) -> str:
    if engine.script:
        return f"out-{name}"
    return {"change": CONSENTS.name, "event": AUDIENCE.name}[engine.form]


@asynccontextmanager
async def _running(
    result: Result, name: str, broker: Broker, pythons: dict[str | None, Path]
) -> AsyncIterator[Running]:
    home = broker.home / name
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    starting = _start_peer if result.engine.script else _start_ours
    running = await starting(result, name, home, broker, pythons)
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(home, ignore_errors=True)


async def _start_ours(
    result: Result, name: str, home: Path, broker: Broker, pythons: dict[str | None, Path]
) -> Running:
    stage = f"job:{result.engine.form}:{result.timers}:{name}"
    await topics_admin.apply(worker.installation(broker.servers, "", home, "bench"), (worker.stage_of(stage),))
    return launch_until_ready(worker.command(stage, broker.servers, home, name), home / "log", timeout_seconds=60)


async def _start_peer(
    result: Result, name: str, home: Path, broker: Broker, pythons: dict[str | None, Path]
) -> Running:
    script = result.engine.script
    assert script
    await broker.make(*_CHANGELOGS[script](name), settings={"cleanup.policy": "compact"})
    environment = peer_environment(json.dumps(_job_of(result, name, home, broker)))
    path = Path(__file__).parent / "peers" / f"{script}.py"
    return launch([str(pythons[script]), str(path)], home / "log", environment=environment)


_CHANGELOGS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "stock_faust": lambda group: (f"{group}-seen-changelog", f"{group}-timers-changelog"),
    "fast_stream": lambda group: (f"{group}-changelog",),
    "quix_streams": lambda group: (),  # makes its own
}


def _job_of(result: Result, name: str, home: Path, broker: Broker) -> dict[str, object]:
    ids = CheckedIn()
    return {
        "servers": broker.servers,
        "group": name,
        "source": CONSENT_CHANGES.name,
        "target": _target(result.engine, name),
        "timers": result.timers,
        "home": str(home),
        "schemas": str(HERE / "avro"),
        "read_id": ids.id_of(ConsentChange),
        "write_id": ids.id_of(Consent),
        "enabled": {job.tenant_name(number): job.wants(job.tenant_name(number)) for number in range(job.TENANTS)},
        "guarantee": result.engine.guarantee,
    }


async def _require_right(
    name: str, broker: Broker, target: str, since: dict[TopicPartition, int], answers: Sequence[tuple[bytes, bytes]]
) -> None:
    wanted = dict(_by_partition(answers))
    places = dict.fromkeys(range(PARTITIONS), 0)
    async for record in broker.read(target, since):
        place = places[record.partition]
        places[record.partition] += 1
        if (record.key, record.value) != wanted[record.partition][place]:
            raise Wrong(f"{name}: output {place} of partition {record.partition} is not what the job says")


def _by_partition(answers: Sequence[tuple[bytes, bytes]]) -> Iterator[tuple[int, list[tuple[bytes, bytes]]]]:
    numbered = [(partition_of(key, PARTITIONS), (key, value)) for key, value in answers]
    for number in range(PARTITIONS):
        yield number, [answer for partition, answer in numbered if partition == number]


def _titled(result: Result) -> str:
    return f"{result.engine.name}, 1 put + 1 forward" + (" + 2 timers" if result.timers else "")
