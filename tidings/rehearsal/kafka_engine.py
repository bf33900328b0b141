"""Runs a scenario through the real broker and Faust: what the memory engine put in, at the same times and in order.

Everything stands under a prefix of its own and is removed at the end. After each thing put in, the engine waits until
the workers have done all that follows from it; so whatever does not depend on time is as in memory.
"""

import asyncio
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from pathlib import Path

from schemas import wire
from schemas.clock import from_millis, to_millis
from schemas.json_text import json_to_text
from schemas.tick import Tick
from schemas.topics import BY_NAME, CONSENT_CHANGES, CONSENTS, DEAD_LETTERS, EVENTS, PARTITIONS, TICKS, Topic
from streams.client import Publisher, publisher, read_to_end
from streams.quiescence import Quiescence, quiescence
from streams.stage import Stage
from streams.topics_admin import apply, remove
from tidings.config import Installation, Kafka
from tidings.rehearsal.driver import Step
from tidings.rehearsal.outcome import COLLECTED, Outcome, outcome_of
from tidings.rehearsal.scenario import Scenario
from tidings.rehearsal.worker_process import running_workers

COMMIT_INTERVAL_SECONDS = 0.1
QUIET_WITHIN_SECONDS = 60.0

_STRUCTURED = (("content-type", b"application/cloudevents+json"),)
_TICK = Tick(ticker="virtual clock")


def run_on_kafka(
    path: Path, scenario: Scenario, steps: Iterable[Step], stages: tuple[Stage, ...], installation: Installation
) -> Outcome:
    """The outcome of these steps; raises Unavailable, NotQuiet or WorkerEnded when they cannot be taken."""
    with tempfile.TemporaryDirectory(prefix="tidings-rehearsal-") as home:
        own = _installation(installation, Path(home))
        return asyncio.run(_run(path, scenario, steps, stages, own))


def _installation(installation: Installation, home: Path) -> Installation:
    prefix = f"rehearsal-{secrets.token_hex(4)}-"
    return replace(
        installation,
        home=home,
        kafka=replace(installation.kafka, topic_prefix=prefix),
        worker=replace(installation.worker, name="rehearsal", commit_interval_seconds=COMMIT_INTERVAL_SECONDS),
    )


async def _run(
    path: Path, scenario: Scenario, steps: Iterable[Step], stages: tuple[Stage, ...], installation: Installation
) -> Outcome:
    await apply(installation, stages)
    try:
        async with (
            running_workers(path, [stage.name for stage in stages], installation) as require_alive,
            publisher(installation.kafka, EVENTS, CONSENT_CHANGES, TICKS) as out,
            quiescence(installation, stages) as quiet,
        ):
            for together in _waves(steps):
                await _put_in(together, out, quiet, require_alive)
        return await _outcome(installation.kafka, scenario.start)
    finally:
        await remove(installation)


def _waves(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Steps that may be put in together: the settings before the start, the rest of that state; then one by one."""

    def wave(numbered: tuple[int, Step]) -> tuple[int, str]:
        number, step = numbered
        if step.item is not None or step.topic == TICKS.name:
            return (number, "")
        return (-1, str(getattr(step.value, "type", step.topic)))

    for _, together in groupby(enumerate(steps), key=wave):
        yield [step for _, step in together]


async def _put_in(steps: list[Step], out: Publisher, quiet: Quiescence, require_alive: Callable[[], None]) -> None:
    for step in steps:
        if step.topic == TICKS.name:
            await _tick(step, out, quiet, require_alive)
        elif step.value is None and step.item is not None:
            broken = json_to_text(step.item.document).encode()
            await out.send_at(step.now, EVENTS, None, broken, _STRUCTURED)
        else:
            encoded = wire.encode(step.value)
            await out.send_at(step.now, BY_NAME[step.topic], step.key.encode(), encoded.value, encoded.headers)
    await quiet.wait(timeout_seconds=QUIET_WITHIN_SECONDS, check=require_alive)


async def _tick(step: Step, out: Publisher, quiet: Quiescence, require_alive: Callable[[], None]) -> None:
    """As many ticks as the memory engine needed at this instant: what one brought about may be due at once."""
    value = wire.encode(_TICK).value
    for _ in range(step.ticks):
        await asyncio.gather(
            *(out.send_at(step.now, TICKS, None, value, partition=number) for number in range(PARTITIONS))
        )
        await quiet.wait(timeout_seconds=QUIET_WITHIN_SECONDS, check=require_alive)


async def _outcome(kafka: Kafka, start: datetime) -> Outcome:
    """What stands in the topics; of the state before the start only consents count."""
    topics = [*(BY_NAME[name] for name in COLLECTED), DEAD_LETTERS]
    since = from_millis(to_millis(start))
    read = [_records(kafka, topic, since) for topic in topics] + [_records(kafka, CONSENTS, None)]
    found = await asyncio.gather(*read)
    return outcome_of({topic.name: records for topic, records in zip([*topics, CONSENTS], found, strict=True)})


async def _records(kafka: Kafka, topic: Topic, since: datetime | None) -> list[object]:
    return [
        wire.decode(topic, stored.key, stored.value, stored.headers)
        async for stored in read_to_end(kafka, topic)
        if since is None or stored.position.at >= since
    ]
