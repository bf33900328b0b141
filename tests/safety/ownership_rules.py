"""Rules about who may write: a worker that lost its partition, and may not know it yet."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from faust.types import TP

from streams.batch import Batch
from streams.consumer import Consumer
from streams.crash import Fatal
from streams.journal import Journal
from streams.outbox import Outbox
from streams.runner import StageRunner
from streams.store import Store, voided_key
from streams.unit_of_work import Output
from streams.writes import Writes
from tests.safety.cluster import Cluster
from tests.safety.process import EVENTS_0, NOON, Parts, Process, answers, ring, tick, with_generation
from tests.safety.recovering import Recovering
from tests.safety.rule import Place, Rule, require

_ALARMS = b"\x01"
"""The prefix of the stage's second table."""


class Unchecked(Journal):
    """Goes on when a write came to stand elsewhere."""

    async def append(self, partition: int, writes: Writes, expected: int) -> int:
        try:
            return await super().append(partition, writes, expected)
        except Fatal:
            return expected + len(writes) - 1


class Waiting(Outbox):
    """Sends when it is let."""

    let: asyncio.Event

    async def send(self, outputs: Sequence[Output]) -> None:
        self.let = asyncio.Event()
        await self.let.wait()
        await super().send(outputs)


async def _turn() -> None:
    """Let everything that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def _write_after_another(place: Place, parts: Parts) -> tuple[Process, int]:
    """The old owner sleeps in the middle of a unit; the new one has long fired the timer that the unit sets.

    Gives the new one, after it has gone on, and where in the changelog the old one's unit ends.
    """
    cluster = Cluster()
    ring(cluster, "e0")
    old = Process(cluster, place.home, "old", replace(parts, outbox=Waiting))
    late = old.fetch()
    assert late is not None
    performing = asyncio.ensure_future(old.perform(late))
    await _turn()
    new = Process(cluster, place.home, "new", parts)
    tick(cluster, NOON.replace(minute=1))
    await new.run()
    outbox: Any = old.runner._outbox
    outbox.let.set()
    with suppress(Fatal):
        await performing
    old.end()
    end = len(new.changelog())
    ring(cluster, "e1")
    try:
        await new.run()
    except Fatal:
        new.end()
        new = Process(cluster, place.home, "new", parts)
        await new.run()
    return new, end


async def both_writers_of_a_partition_find_out(journal: type[Journal], place: Place) -> None:
    new, _ = await _write_after_another(place, Parts(journal=journal))
    torn = new.disk.rows().keys() ^ new.rebuilt().keys()
    require(not torn, f"torn: {len(torn)} rows of the owner's state are not those of the changelog")
    new.end()


class TakesVoid(Store):
    """Recovers every record of a changelog, wherever its writer wanted it to stand."""

    def _by_partition(self, batch: Any) -> Any:
        events = list(batch)
        for event in events:
            value: Batch = event.message.value
            event.message.value = replace(value, records=[replace(each, headers=()) for each in value.records])
        return super()._by_partition(events)


async def what_a_worker_wrote_that_had_lost_its_partition_is_void(store: type[Store], place: Place) -> None:
    new, end = await _write_after_another(place, Parts())
    new.end()
    third = Recovering(store, place.home / "third")
    third.recover(0, list(new.changelog())[:end])
    set_again = [key for key in third.rows(0) if key.startswith(_ALARMS)]
    third.close()
    require(not set_again, f"doubled: {len(set_again)} timer that has fired is set again")


class LeavesVoid(StageRunner):
    """Does not care what compaction takes for the newest record."""

    async def _write_voided_again(self, place: object) -> None:
        return


async def compaction_keeps_what_a_void_record_covers(runner: type[StageRunner], place: Place) -> None:
    new, _ = await _write_after_another(place, Parts(runner=runner))
    new.end()
    gone = new.rebuilt().keys() - new.rebuilt_after_compaction().keys()
    rows = sorted(key for key in gone if not key.startswith(voided_key(b"")))
    require(not rows, f"lost from the state by compaction: {rows}")


class GivesAwayAtOnce(Consumer):
    """Gives partitions away, whatever is on its way."""

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        held, self.performing = self.performing, asyncio.Lock()
        await super().on_partitions_revoked(revoked)
        self.performing = held


async def a_unit_on_its_way_is_stored_before_the_next_owner_begins(consumer: type[Consumer], place: Place) -> None:
    cluster = Cluster()
    ring(cluster, "e0", "e1")
    old = Process(cluster, place.home, "old", Parts(consumer=consumer, outbox=Waiting))
    batch = old.fetch()
    assert batch is not None
    performing = asyncio.ensure_future(old.perform(batch))
    await _turn()
    revoking = asyncio.ensure_future(old.consumer.on_partitions_revoked({EVENTS_0}))
    await _turn()
    outbox: Any = old.runner._outbox
    if not revoking.done():
        outbox.let.set()
    await revoking
    new = Process(cluster, place.home, "new")
    await new.run()
    outbox.let.set()
    with suppress(Fatal):
        await performing
    old.end()
    new.end()
    doubled = sorted(each for each, count in answers(cluster).items() if count > 1)
    require(not doubled, f"doubled: {doubled}")


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
    ends = ""
    try:
        await old.perform(late)
    except Fatal as error:
        ends = str(error)
    old.end()
    new.end()
    doubled = sorted(each for each, count in answers(cluster).items() if count > 1)
    require(not doubled, f"doubled: {doubled}")
    require(not ends, f"the worker ends, though nothing is wrong with it: {ends}")


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


RULES = (
    Rule(
        says="an append at an unexpected place is fatal",
        kept_by=Journal,
        at="append",
        without=Unchecked,
        scenario=both_writers_of_a_partition_find_out,
    ),
    Rule(
        says="what was written at an unexpected place is void",
        kept_by=Store,
        at="_by_partition",
        without=TakesVoid,
        scenario=what_a_worker_wrote_that_had_lost_its_partition_is_void,
    ),
    Rule(
        says="what a void record covers is written again",
        kept_by=StageRunner,
        at="_write_voided_again",
        without=LeavesVoid,
        scenario=compaction_keeps_what_a_void_record_covers,
    ),
    Rule(
        says="a rebalance waits for the unit on its way",
        kept_by=Consumer,
        at="on_partitions_revoked",
        without=GivesAwayAtOnce,
        scenario=a_unit_on_its_way_is_stored_before_the_next_owner_begins,
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
)
