"""Rules about who may write: a worker that lost its partition, and may not know it yet."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from streams.batch import Batch
from streams.consumer import Consumer
from streams.crash import ExitCode, Fatal
from streams.journal import Journal
from streams.pulse import Pulse
from streams.runner import StageRunner
from streams.writes import Writes
from tests.safety.cluster import Cluster
from tests.safety.process import EVENTS_0, NOON, Parts, Process, answers, ring, tick, with_generation
from tests.safety.rule import Place, Rule, require

ROOT = Path(__file__).parents[2]


class Unchecked(Journal):
    """Goes on when a write came to stand elsewhere."""

    async def append(self, partition: int, writes: Writes, expected: int) -> int:
        try:
            return await super().append(partition, writes, expected)
        except Fatal:
            return expected + len(writes) - 1


async def both_writers_of_a_partition_find_out(journal: type[Journal], place: Place) -> None:
    """The old owner still has a fetch of before; the new one has long fired the timer that it would set again."""
    cluster, parts = Cluster(), Parts(journal=journal)
    ring(cluster, "e0")
    old = Process(cluster, place.home, "old", parts)
    late = old.fetch()
    assert late is not None
    new = Process(cluster, place.home, "new", parts)
    tick(cluster, NOON.replace(minute=1))
    await new.run()
    with suppress(Fatal):
        await old.perform(late)
    old.end()
    ring(cluster, "e1")
    try:
        await new.run()
    except Fatal:
        new.end()
        new = Process(cluster, place.home, "new", parts)
        await new.run()
    torn = new.disk.rows().keys() ^ new.rebuilt().keys()
    require(not torn, f"torn: {len(torn)} rows of the owner's state are not those of the changelog")
    new.end()


class AnyGeneration(StageRunner):
    """Performs a batch whenever it was delivered."""

    async def perform(self, batch: Batch, consumer: Consumer) -> None:
        await super().perform(with_generation(batch, consumer.app), consumer)  # type: ignore[arg-type]  # our App


async def a_batch_from_before_a_rebalance_is_left_to_the_new_owner(runner: type[StageRunner], place: Place) -> None:
    cluster, parts = Cluster(), Parts(runner=runner)
    ring(cluster, "e0", "e1")
    old = Process(cluster, place.home, "old", parts)
    late = old.fetch()
    assert late is not None
    new = Process(cluster, place.home, "new", parts)
    await new.run()
    old.app.consumer_generation_id += 1
    with suppress(Fatal):
        await old.perform(late)
    old.end()
    new.end()
    doubled = sorted(each for each, count in answers(cluster).items() if count > 1)
    require(not doubled, f"doubled: {doubled}")


class SettlesAnything(Consumer):
    """Takes a batch of an older assignment for one of the present."""

    def settle(self, batch: Batch) -> None:
        super().settle(with_generation(batch, self.app))  # type: ignore[arg-type]  # our App


async def what_was_settled_too_late_is_not_committed(consumer: type[Consumer], place: Place) -> None:
    cluster = Cluster()
    ring(cluster, "e0", "e1")
    process = Process(cluster, place.home, parts=Parts(consumer=consumer))
    batch = process.fetch()
    assert batch is not None
    process.app.consumer_generation_id += 1
    await process.consumer.on_partitions_revoked({EVENTS_0})
    process.consumer.settle(batch)
    process.commit()
    process.end()
    committed = cluster.committed.get(EVENTS_0, 0)
    require(committed == 0, f"{committed} was committed for a partition that somebody else may have")


class NeverFrozen(Pulse):
    """Writes, however long the process slept."""

    def check(self) -> None:
        return


async def a_process_that_slept_writes_nothing_more(pulse: type[Pulse], place: Place) -> None:
    """In a process of its own, for the rule ends it."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, pulse.__name__, str(place.home)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    written, said = await child.communicate()
    require(not written.split(), f"doubled by a worker that slept: {written.decode().split()}")
    assert (child.returncode, b"was frozen for" in said) == (ExitCode.CRASHED, True), said.decode()


async def _sleep_through_a_rebalance(pulse: type[Pulse], home: Path) -> None:
    """What the old owner still appends is printed."""
    cluster = Cluster()
    ring(cluster, "e0")
    old = Process(cluster, home, "old", Parts(pulse=pulse))
    late = old.fetch()
    assert late is not None
    new = Process(cluster, home, "new")
    await new.run()
    old.runner._pulse._beat_at -= 10.0
    cluster.on_append = lambda topic: print(topic, flush=True)
    await old.perform(late)


RULES = (
    Rule(
        says="an append at an unexpected place is fatal",
        kept_by=Journal,
        at="append",
        without=Unchecked,
        scenario=both_writers_of_a_partition_find_out,
    ),
    Rule(
        says="a batch of an older assignment is not performed",
        kept_by=StageRunner,
        at="perform",
        without=AnyGeneration,
        scenario=a_batch_from_before_a_rebalance_is_left_to_the_new_owner,
    ),
    Rule(
        says="a batch of an older assignment is not committed",
        kept_by=Consumer,
        at="settle",
        without=SettlesAnything,
        scenario=what_was_settled_too_late_is_not_committed,
    ),
    Rule(
        says="a process that was frozen ends before it writes",
        kept_by=Pulse,
        at="check",
        without=NeverFrozen,
        scenario=a_process_that_slept_writes_nothing_more,
    ),
)

if __name__ == "__main__":
    kind, home = sys.argv[1:]
    asyncio.run(_sleep_through_a_rebalance(NeverFrozen if kind == NeverFrozen.__name__ else Pulse, Path(home)))
