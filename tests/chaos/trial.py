"""A trial: one installation on the run's broker with its workers, feed and faults, from the start to the verdict."""

import asyncio
import logging
import random
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient

from schemas.topics import AUDIENCE, EVENTS, TICKS
from streams import topics_admin
from streams.incremental_configs import SetTopicConfigs
from streams.naming import changelog_name, topic_name
from tests.chaos.answers import Answers
from tests.chaos.broker import Broker
from tests.chaos.faults import Fault
from tests.chaos.feed import Feed, Inputs, inputs, publish_settings
from tests.chaos.fleet import Fleet
from tests.chaos.stage import LEADS, Dedup, chaos_stage
from tests.chaos.torment import Torment
from tests.chaos.verdict import Findings, findings
from tests.chaos.waiting import until
from tests.chaos.worker import Membership, Protocol, installation
from tidings.config import Installation

log = logging.getLogger(__name__)

_COMPACTED_AFTER_MS = "10000"
_RECOVERED_WITHIN_MS = "30000"
_DRAIN_SECONDS = 120.0
_STRAGGLERS_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is tried, and for how long it is tormented."""

    name: str
    faults: Iterator[Fault]
    seconds: float
    rate: float
    workers: tuple[str, ...] = ("w1", "w2")
    module: str = "tests.chaos.worker"
    membership: Membership = Membership.STATIC
    protocol: Protocol = Protocol.UNIT
    stages: tuple[Dedup, ...] = tuple(Dedup)
    quiet_seconds: float = 20.0
    """When nothing has come for so long after the last timer was due, what is missing is lost."""

    @property
    def prefix(self) -> str:
        """What its topics' names begin with."""
        return f"{self.name.replace(' ', '-')}."


async def run_trial(trial: Trial, broker: Broker, home: Path, seed: int) -> Findings:
    """Feed and torment; then let it drain, and look at what came out. `home` is an empty directory of its own."""
    here = installation(broker.bootstrap_servers, trial.prefix, home, "none")
    await _make_topics(here, trial.stages)
    await publish_settings(here.kafka)
    lots = random.Random(f"{trial.name} {seed}")
    feed = Feed(kafka=here.kafka, rate=trial.rate, random=random.Random(lots.random()))
    answers, fleet = Answers(kafka=here.kafka), Fleet(home, _command(trial, broker, home))
    torment = Torment(fleet, answers, broker, lots, home=home, stages=len(trial.stages))
    async with _running(fleet.supervise()), _running(answers.follow()):
        try:
            for name in trial.workers:
                fleet.launch(name)
            async with _running(feed.run()) as feeding:
                await torment.settled()
                log.info("%s: workers are ready", trial.name)
                answers.counts_from_ms = time.time() * 1000
                await torment.run(trial.faults, seconds=trial.seconds)
                log.info("%s: no more faults", trial.name)
                feed.stopped.set()
                await feeding
            put_in = await inputs(here.kafka, trial.stages)
            await _drain(trial, put_in, answers)
            log.info("%s: drained", trial.name)
        finally:
            fleet.close()
    return findings(
        trial.name,
        put_in,
        answers,
        torment.strikes,
        fleet,
        rebalances=torment.rebalances(),
        stuck=torment.stuck,
    )


async def _make_topics(here: Installation, stages: tuple[Dedup, ...]) -> None:
    """All times are the broker's, so that they can be compared; changelogs are compacted while the trial runs."""
    await topics_admin.apply(here, tuple(map(chaos_stage, stages)))
    settings = {
        topic_name(here, topic.name): {"message.timestamp.type": "LogAppendTime"} for topic in (EVENTS, TICKS, AUDIENCE)
    }
    for stage in stages:
        settings[changelog_name(here, stage)] = {
            "segment.ms": _COMPACTED_AFTER_MS,
            "min.cleanable.dirty.ratio": "0.01",
            "min.compaction.lag.ms": _RECOVERED_WITHIN_MS,
        }
    admin = AIOKafkaAdminClient(bootstrap_servers=here.kafka.bootstrap_servers)
    await admin.start()
    try:
        answer = await admin._send_request(SetTopicConfigs(settings))
    finally:
        await admin.close()
    refused = [resource for resource in answer.resources if resource[0]]
    assert not refused, f"the broker refused settings: {refused}"


def _command(trial: Trial, broker: Broker, home: Path) -> Callable[[str], list[str]]:
    def command(name: str) -> list[str]:
        return [
            *(sys.executable, "-m", trial.module, broker.bootstrap_servers, trial.prefix, str(home), name),
            *(trial.membership, trial.protocol, *trial.stages),
        ]

    return command


@asynccontextmanager
async def _running(work: Coroutine[None, None, None]) -> AsyncIterator["asyncio.Task[None]"]:
    """Have this run meanwhile; an error in it ends the trial at the end of the block."""
    task = asyncio.create_task(work)
    try:
        yield task
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _drain(trial: Trial, put_in: Inputs, answers: Answers) -> None:
    """Return when all is there, or nothing more will come; what is late or twice is waited for, too."""
    last_due = time.monotonic() + max(LEADS).total_seconds()

    def is_quiet(seconds: float) -> bool:
        return time.monotonic() - max(last_due, answers.newest_at) > seconds

    await until(lambda: is_quiet(trial.quiet_seconds) or _is_complete(put_in, answers), limit_seconds=_DRAIN_SECONDS)
    await until(lambda: is_quiet(_STRAGGLERS_SECONDS), limit_seconds=_DRAIN_SECONDS)


def _is_complete(put_in: Inputs, answers: Answers) -> bool:
    return put_in.answers <= answers.contents.keys() and put_in.letters <= answers.letters.keys()
