"""The runner: performs one stage on one batch after another, so that nothing is lost and nothing is half done.

Order: outputs acknowledged → the unit's writes and the position acknowledged in the changelog → both in RocksDB →
the batch settled → its offset committed with the next timed commit. Wherever a crash falls, state and position agree,
so a function never sees a record twice; outputs of at most one unit per partition are repeated.
"""

from dataclasses import dataclass

from faust.types import TP

from streams import gap
from streams.batch import Batch
from streams.consumer import Consumer
from streams.crash import Fatal
from streams.guard import Guard
from streams.journal import Journal
from streams.outbox import Outbox
from streams.pulse import Pulse
from streams.store import PartitionStore, Store, position_key, position_value, voided_key
from streams.unit_of_work import WRITES_LIMIT_BYTES, UnitOfWork
from streams.writes import Writes
from tidings.config import Kafka


@dataclass(slots=True, kw_only=True)
class _Place:
    """Where one source partition stands while a batch of it is performed: its store and the next offset to perform.

    It is not kept for longer: Faust closes a store by letting go of it.
    """

    tp: TP
    topic: str
    store: PartitionStore
    position: int


class StageRunner:
    """Performs the batches of one stage, one at a time."""

    def __init__(
        self, *, guard: Guard, outbox: Outbox, journal: Journal, store: Store, pulse: Pulse, kafka: Kafka
    ) -> None:
        self._guard = guard
        self._outbox = outbox
        self._journal = journal
        self._store = store
        self._pulse = pulse
        self._kafka = kafka
        self._generation = -1
        self._positions: dict[TP, int] = {}
        self._changelog_ends: dict[int, int] = {}

    async def perform(self, batch: Batch, consumer: Consumer) -> None:
        """Perform what is new in the batch and settle it; what is not done when a rebalance begins is left to the next
        owner of the partition.
        """
        async with consumer.performing:
            if _is_ours(batch, consumer):
                await self._perform(batch, consumer)

    async def _perform(self, batch: Batch, consumer: Consumer) -> None:
        place = self._place(batch, consumer)
        await self._require_no_loss(place, batch)
        await self._write_voided_again(place)
        unit = UnitOfWork()
        for record in batch.records:
            if record.offset < place.position:
                continue
            if unit.is_full:
                await self._finish(unit, place, record.offset)
                if not _is_ours(batch, consumer):
                    return
                unit = UnitOfWork()
            change = self._guard.apply(record, place.store, unit.writes)
            if not unit.has_room_for(change):
                await self._finish(unit, place, record.offset)
                if not _is_ours(batch, consumer):
                    return
                unit = UnitOfWork()
            unit.take(change)
        if batch.next_offset > place.position:
            await self._finish(unit, place, batch.next_offset)
        consumer.settle(batch)

    def _place(self, batch: Batch, consumer: Consumer) -> _Place:
        if batch.generation != self._generation:
            self._generation = batch.generation
            self._positions.clear()
            self._changelog_ends.clear()
        store = self._store.partition(batch.tp.partition)
        topic = batch.tp.topic.removeprefix(self._kafka.topic_prefix)
        position = self._positions.get(batch.tp)
        if position is None:
            position = max(store.position(topic), consumer.committed(batch.tp))
        return _Place(tp=batch.tp, topic=topic, store=store, position=position)

    async def _require_no_loss(self, place: _Place, batch: Batch) -> None:
        low, high = place.position, batch.first_offset
        if high > low and await gap.holds_records(self._kafka, place.tp, low, high):
            raise Fatal(f"{place.topic}/{place.tp.partition}: expected offset {low}, got {high}")

    async def _finish(self, unit: UnitOfWork, place: _Place, next_offset: int) -> None:
        """Store a unit that ends before `next_offset`; positions only grow."""
        if next_offset <= place.position:
            raise Fatal(f"{place.topic}/{place.tp.partition}: position {place.position} would become {next_offset}")
        self._pulse.check()
        await self._outbox.send(unit.outputs)
        # The position is the last write, so that compaction can never remove the changelog's last record.
        unit.writes.put(position_key(place.topic), position_value(next_offset))
        await self._store_writes(unit.writes, place)
        place.position = self._positions[place.tp] = next_offset

    async def _store_writes(self, writes: Writes, place: _Place) -> None:
        self._pulse.check()
        partition = place.tp.partition
        end = self._changelog_ends.get(partition)
        expected = place.store.changelog_end() if end is None else end
        last = await self._journal.append(partition, writes, expected)
        place.store.write(writes, last)
        self._changelog_ends[partition] = last + 1

    async def _write_voided_again(self, place: _Place) -> None:
        """Before compaction can remove what a void record seems to replace (`streams.journal`)."""
        if place.tp.partition in self._changelog_ends:
            return
        writes = Writes()
        for key in place.store.voided():
            if writes.size_bytes + len(key) + len(place.store.get(key) or b"") > WRITES_LIMIT_BYTES // 2:
                await self._store_writes(writes, place)
                writes = Writes()
            writes.put(key, place.store.get(key))
            writes.put(voided_key(key), None)
        if writes:
            await self._store_writes(writes, place)


def _is_ours(batch: Batch, consumer: Consumer) -> bool:
    """Whether the partition is still this worker's, as far as it has heard."""
    return batch.generation == consumer.app.consumer_generation_id and not consumer.app.rebalancing
