"""The runner: performs one stage on one batch after another, so that nothing is lost and nothing is half done.

Order: the unit announced, if it says anything → outputs acknowledged → the unit's writes and the position acknowledged
in the changelog → both in RocksDB → the batch settled → its offset committed with the next timed commit. Wherever a
crash falls, state and position agree, so a function never sees a record twice; outputs of at most one unit per
partition are repeated, and they are the same again, since what was announced comes first.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from aiokafka.structs import ConsumerRecord
from faust.types import TP

from streams import gap
from streams.announcement import Announcement
from streams.batch import Batch
from streams.consumer import Consumer
from streams.crash import Fatal
from streams.guard import Guard
from streams.journal import Journal
from streams.outbox import Outbox
from streams.pulse import Pulse
from streams.quarantine_alarm import QuarantineAlarm
from streams.store import ANNOUNCED, PartitionStore, Store, position_key, position_value, voided_key
from streams.unit_of_work import WRITES_LIMIT_BYTES, Change, UnitOfWork
from streams.writes import Writes
from tidings.config import Kafka
from tidings.metrics import StageMetrics

_READ_AHEAD = 32
"""Records that are decoded together; more gain nothing."""

_TURN_SECONDS = 0.1
"""For how long a source waits whose turn it is not."""


@dataclass(slots=True, kw_only=True)
class _Place:
    """Where one source partition stands while a batch of it is performed: its store and the next offset to perform.

    It is not kept for longer: Faust closes a store by letting go of it.
    """

    tp: TP
    topic: str
    store: PartitionStore
    position: int
    announced: int = 0
    """Before this offset everything was performed once before, and a crash undid it."""


class StageRunner:
    """Performs the batches of one stage, one at a time."""

    def __init__(
        self,
        *,
        guard: Guard,
        outbox: Outbox,
        journal: Journal,
        store: Store,
        pulse: Pulse,
        kafka: Kafka,
        metrics: StageMetrics | None = None,
        alarm: QuarantineAlarm | None = None,
        new_unit: Callable[[], UnitOfWork] = UnitOfWork,
    ) -> None:
        """Without an alarm every bad record is set aside, however many there are."""
        self._metrics = metrics or StageMetrics(guard.stage)
        self._alarm = alarm or QuarantineAlarm.silent(guard.stage, self._metrics)
        self._guard = guard
        self._outbox = outbox
        self._journal = journal
        self._store = store
        self._pulse = pulse
        self._kafka = kafka
        self._new_unit = new_unit
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
        rest_seconds = await self._rest_seconds(place, consumer)
        if rest_seconds:
            consumer.hold(batch, max(place.position, batch.first_offset), rest_seconds)
            return
        await self._require_no_loss(place, batch)
        await self._write_voided_again(place)
        unit = self._new_unit()
        for count, record in enumerate(self._in_runs(batch.records)):
            if record.offset < place.position:
                continue
            if unit.is_full:
                await self._finish(unit, place, record.offset)
                if not _is_ours(batch, consumer):
                    return
                unit = self._new_unit()
            change = self._guard.apply(record, place.store, unit.writes)
            if change.faults and record.offset >= place.announced and not self._allows(change, place, count):
                await self._hold(unit, place, batch, record.offset, consumer)
                return
            if not unit.has_room_for(change):
                await self._finish(unit, place, record.offset)
                if not _is_ours(batch, consumer):
                    return
                unit = self._new_unit()
            unit.take(change)
        if batch.next_offset > place.position:
            await self._finish(unit, place, batch.next_offset)
        self._alarm.performed(place.topic, len(batch.records))
        self._metrics.performed(place.topic, len(batch.records))
        consumer.settle(batch)

    def _in_runs(self, records: Sequence[ConsumerRecord[bytes, bytes]]) -> Iterator[ConsumerRecord[bytes, bytes]]:
        """The records in their order, decoded a run at a time."""
        for start in range(0, len(records), _READ_AHEAD):
            run = records[start : start + _READ_AHEAD]
            self._guard.read_ahead(run)
            yield from run

    def _allows(self, change: Change, place: _Place, count: int) -> bool:
        """Whether what is wrong with the batch's record of this number may be set aside."""
        return all(self._alarm.allows(place.topic, fault, count) for fault in change.faults)

    async def _rest_seconds(self, place: _Place, consumer: Consumer) -> float:
        """For how long this source has to wait: for another one, which was announced, or for better records."""
        if consumer.is_held(place.tp):
            return _TURN_SECONDS
        announced = place.store.announced()
        if announced is not None and announced.topic in self._guard.reads:
            tp = TP(self._kafka.topic_prefix + announced.topic, place.tp.partition)
            position = self._position_of(tp, announced.topic, place.store, consumer)
            if position < announced.end and announced.topic == place.topic:
                place.announced = announced.end
                return 0.0
            if position < announced.end and await self._holds_records(tp, position, announced.end):
                return _TURN_SECONDS
        return self._alarm.rest_seconds(place.topic)

    async def _holds_records(self, tp: TP, low: int, high: int) -> bool:
        """Whether the log still has what was announced; for what retention has removed nobody waits."""
        return (await gap.look(self._kafka, tp, low, high)).holds_records

    async def _hold(self, unit: UnitOfWork, place: _Place, batch: Batch, offset: int, consumer: Consumer) -> None:
        """Store what came before `offset`; from there on the source rests."""
        if offset > place.position:
            await self._finish(unit, place, offset)
        self._metrics.performed(place.topic, offset - batch.first_offset)
        consumer.hold(batch, offset, self._alarm.rest_seconds(place.topic))

    def _place(self, batch: Batch, consumer: Consumer) -> _Place:
        if batch.generation != self._generation:
            self._generation = batch.generation
            self._positions.clear()
            self._changelog_ends.clear()
        store = self._store.partition(batch.tp.partition)
        topic = batch.tp.topic.removeprefix(self._kafka.topic_prefix)
        position = self._position_of(batch.tp, topic, store, consumer)
        if batch.tp not in self._positions:
            self._require_same_log(batch.tp, position, consumer)
        return _Place(tp=batch.tp, topic=topic, store=store, position=position)

    def _position_of(self, tp: TP, topic: str, store: PartitionStore, consumer: Consumer) -> int:
        known = self._positions.get(tp)
        return max(store.position(topic), consumer.committed(tp)) if known is None else known

    async def _require_no_loss(self, place: _Place, batch: Batch) -> None:
        low, high = place.position, batch.first_offset
        if high <= low:
            return
        found = await gap.look(self._kafka, place.tp, low, high)
        if found.removed:
            self._metrics.lost(place.topic, found.removed)
        if found.holds_records:
            raise Fatal(f"{place.topic}/{place.tp.partition}: expected offset {low}, got {high}")

    def _require_same_log(self, tp: TP, position: int, consumer: Consumer) -> None:
        """A log that ends before our position is another log, or lost what was acknowledged: what is new in it?"""
        end = consumer.end(tp)
        if end is not None and end < position:
            raise Fatal(
                f"{tp.topic}/{tp.partition} ends at {end}, before position {position} up to which it was performed: "
                "the topic was made anew, or its broker lost records; see the how-to on running an installation"
            )

    async def _finish(self, unit: UnitOfWork, place: _Place, next_offset: int) -> None:
        """Store a unit that ends before `next_offset`; positions only grow."""
        if next_offset <= place.position:
            raise Fatal(f"{place.topic}/{place.tp.partition}: position {place.position} would become {next_offset}")
        self._pulse.check()
        if unit.outputs and len(self._guard.reads) > 1:
            await self._announce(place, next_offset)
        began_at = perf_counter()
        await self._outbox.send(unit.outputs)
        send_seconds = perf_counter() - began_at
        # The position is the last write, so that compaction can never remove the changelog's last record.
        unit.writes.put(position_key(place.topic), position_value(next_offset))
        steps = await self._store_writes(unit.writes, place)
        place.position = self._positions[place.tp] = next_offset
        self._count(unit, {"send": send_seconds, **steps})

    async def _announce(self, place: _Place, next_offset: int) -> None:
        """From now on, whoever owns the partition performs this unit before anything else (`streams.announcement`).

        What stands announced of this source may reach further: it was said before a crash, and stands until it is done.
        """
        if next_offset <= place.announced:
            return
        writes = Writes()
        writes.put(ANNOUNCED, Announcement(topic=place.topic, end=next_offset).encode())
        await self._store_writes(writes, place)

    def _count(self, unit: UnitOfWork, seconds: Mapping[str, float]) -> None:
        tally = self._guard.take_tally()
        self._metrics.stored(tally, len(unit.outputs), seconds)
        if tally.oldest_due_ms is not None:
            self._metrics.fired(tally.fired, time.time() - tally.oldest_due_ms / 1000)

    async def _store_writes(self, writes: Writes, place: _Place) -> Mapping[str, float]:
        """Append and store; how long each took."""
        self._pulse.check()
        began_at = perf_counter()
        partition = place.tp.partition
        end = self._changelog_ends.get(partition)
        expected = place.store.changelog_end() if end is None else end
        last = await self._journal.append(partition, writes, expected)
        appended_at = perf_counter()
        place.store.write(writes, last)
        self._changelog_ends[partition] = last + 1
        return {"append": appended_at - began_at, "store": perf_counter() - appended_at}

    async def _write_voided_again(self, place: _Place) -> None:
        """Before compaction can remove what a void record seems to replace (`streams.journal`)."""
        if place.tp.partition in self._changelog_ends:
            return
        writes = Writes()
        for key in place.store.voided():
            if writes.size_bytes + len(key) + len(place.store.get(key) or b"") > WRITES_LIMIT_BYTES // 2:
                await self._store_mended(writes, place)
                writes = Writes()
            if key != ANNOUNCED:
                writes.put(key, place.store.get(key))
            writes.put(voided_key(key), None)
        if writes:
            await self._store_mended(writes, place)

    async def _store_mended(self, writes: Writes, place: _Place) -> None:
        """End with a value: a deletion is removed in time, and recovery would wait for the changelog's last record."""
        standing = place.store.get(ANNOUNCED) or Announcement(topic=place.topic, end=place.position).encode()
        writes.put(ANNOUNCED, standing)
        await self._store_writes(writes, place)


def _is_ours(batch: Batch, consumer: Consumer) -> bool:
    """Whether the partition is still this worker's, as far as it has heard."""
    return batch.generation == consumer.app.consumer_generation_id and not consumer.app.rebalancing
