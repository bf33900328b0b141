"""A worker's stage on the model: the product's runner, guard, outbox and journal, driven as Faust drives them."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast
from weakref import WeakSet

from faust.types import TP

from streams.batch import Batch
from streams.consumer import UNDONE_LIMIT, Consumer
from streams.crash import Fatal
from streams.guard import Guard
from streams.journal import Journal, is_void
from streams.outbox import Outbox
from streams.overlay import Copies
from streams.pulse import FROZEN_AFTER_SECONDS
from streams.runner import StageRunner
from streams.stage import Stage
from streams.store import PartitionStore, voided_key
from streams.unit_of_work import Change, UnitOfWork
from tests.simulation.broker import Broker, Producer
from tests.simulation.disk import Disk, ModelStore, Partition
from tests.simulation.group import Group, stay
from tests.simulation.loop import now, rest
from tests.simulation.process import Process
from tests.simulation.storm import PACE
from tidings.config import Kafka

BEAT_SECONDS = 0.2 / PACE
"""Within so long after a thaw the pulse's own thread ends the process."""
COMMIT_SECONDS = 1.0 / PACE
MOST_RECORDS_PER_FETCH = 6


def changelog(stage: str) -> str:
    """The model's name for a stage's changelog."""
    return f"changelog-{stage}"


class ModelPulse:
    """The product's pulse on the model's clock."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def check(self) -> None:
        """Ends a process that slept too long a moment ago."""
        self._process.seam("pulse")
        slept = self._process.frozen_seconds * PACE > FROZEN_AFTER_SECONDS
        if slept and now() - self._process.frozen_until < BEAT_SECONDS:
            self._process.kill("it notices that it was frozen")


@dataclass(slots=True, kw_only=True, eq=False)
class ModelConsumer:
    """What of the product's consumer the runner sees; settling and choosing what to commit are the product's own."""

    app: "StageMember"
    _settled: dict[TP, int] = field(default_factory=dict)
    _committed_offset: defaultdict[TP, int | None] = field(default_factory=lambda: defaultdict(lambda: None))
    _undone: WeakSet[Batch] = field(default_factory=WeakSet)
    _room: asyncio.Event = field(default_factory=asyncio.Event)
    _acked: dict[TP, object] = field(default_factory=dict)
    _acked_index: dict[TP, object] = field(default_factory=dict)
    _gap: dict[TP, object] = field(default_factory=dict)
    performing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def settle(self, batch: Batch) -> None:
        """See Consumer.settle."""
        self.app.process.seam("before settling")
        Consumer.settle(cast(Any, self), batch)
        self.app.process.seam("after settling")

    def committed(self, tp: TP) -> int:
        """See Consumer.committed."""
        return Consumer.committed(cast(Any, self), tp)

    def end(self, tp: TP) -> int:
        """See Consumer.end."""
        return self.app.broker.end(*tp)

    def committable(self) -> dict[TP, int]:
        """What a timed commit would commit now."""
        return Consumer._filter_committable_offsets(cast(Any, self), tuple(self._settled))

    def is_held(self, tp: TP) -> bool:
        """See Consumer.is_held; what waits here is fetched again at once."""
        return False

    def hold(self, batch: Batch, offset: int, rest_seconds: float) -> None:
        """See Consumer.hold."""
        if offset > batch.first_offset:
            self._settled[batch.tp] = offset
        self.app.fetch_again(batch.tp, offset)
        self._undone.discard(batch)

    def forget(self) -> None:
        """See Consumer.on_partitions_revoked."""
        self._settled.clear()
        self._undone.clear()
        self._room.set()


class Said(NamedTuple):
    """One record that a stage forwarded."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


class SimulatedRunner(StageRunner):
    """The product's runner; a gap is looked for in the model's log."""

    broker: Broker

    async def _holds_records(self, tp: TP, low: int, high: int) -> bool:
        return bool(self.broker.read(tp.topic, tp.partition, low, high - low))

    async def _require_no_loss(self, place: Any, batch: Batch) -> None:
        low, high = place.position, batch.first_offset
        if high > low and self.broker.read(place.topic, place.tp.partition, low, high - low):
            raise Fatal(f"{place.topic}/{place.tp.partition}: expected offset {low}, got {high}")


class SimulatedUnit(UnitOfWork):
    """A unit that is full after a few records, as others are after a few thousand."""

    __slots__ = ("_room",)

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    @property
    def is_full(self) -> bool:
        """Whether it should be stored now; no clock is asked."""
        return self._room <= 0

    def take(self, change: Change) -> None:
        """See UnitOfWork.take."""
        super().take(change)
        self._room -= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the engine is made of; a mutation exchanges one."""

    heeds_void: bool = True
    waits_when_revoked: bool = True
    runner: type[SimulatedRunner] = SimulatedRunner
    outbox: type[Outbox] = Outbox
    journal: type[Journal] = Journal
    consumer: type[ModelConsumer] = ModelConsumer
    store: type[ModelStore] = ModelStore
    guard: type[Guard] = Guard


class StageMember:
    """One stage in one process: a member of the stage's group, as Faust's app is one.

    A batch that is being performed goes on when a rebalance begins, and nothing of it is waited for, as in Faust.
    """

    rebalancing = True
    consumer_generation_id = -1
    heard_at = 0.0

    def __init__(
        self,
        *,
        process: Process,
        stage: Stage,
        broker: Broker,
        group: Group,
        disk: Disk,
        copies: Copies,
        parts: Parts,
    ) -> None:
        self.process = process
        self._stage = stage
        self.broker = broker
        self._group = group
        self._disk = disk
        self._producer = Producer(broker=broker, process=process)
        self._consumer = parts.consumer(app=self)
        self.turn = asyncio.Lock()
        self._recovering: asyncio.Task[None] | None = None
        self._parts = parts
        self._fetched: dict[TP, int] = {}
        self._queue: deque[Batch] = deque()
        self._wake = asyncio.Event()
        producer = cast(Any, self._producer)
        self._runner = parts.runner(
            guard=parts.guard(stage, "", copies),
            outbox=parts.outbox(producer, ""),
            journal=parts.journal(producer, changelog(stage.name)),
            store=cast(Any, self),
            pulse=cast(Any, ModelPulse(process)),
            kafka=Kafka(),
            new_unit=lambda: SimulatedUnit(process.storm.rng.randint(1, 8)),
        )
        self._runner.broker = broker
        for topic in stage.reads:
            broker.watch(topic, self._wake.set)

    def begin(self) -> None:
        """Let the stage run in its process."""
        self.process.start(self._perform())
        self.process.start(self._commit_regularly())
        self.process.start(stay(self._group, self))

    def partition(self, number: int) -> PartitionStore:
        """See Store.partition."""
        return self._parts.store(self._disk[self._stage.name, number], self.process)

    async def revoked(self) -> None:
        """What Faust does: no new batch begins, and the producer is flushed."""
        self.rebalancing = True
        self._queue.clear()
        if self._recovering is not None:
            self._recovering.cancel()
            await asyncio.wait([self._recovering])
        await self._producer.flush()
        if self._parts.waits_when_revoked:
            async with self._consumer.performing:
                pass
        self._consumer.forget()

    async def assigned(self, generation: int, partitions: Sequence[int]) -> None:
        """These are ours, once their state is recovered."""
        self.consumer_generation_id = generation
        self._recovering = self.process.start(self._recover_all(partitions))

    async def _recover_all(self, partitions: Sequence[int]) -> None:
        """Recover, then read on from where the group stands."""
        for number in partitions:
            await self._recover(number)
        await self.process.connected()
        self._consumer._committed_offset.clear()
        self._fetched = {}
        for tp in (TP(topic, number) for topic in self._stage.reads for number in partitions):
            committed = self._group.committed(tp.topic, tp.partition)
            self._consumer._committed_offset[tp] = self._fetched[tp] = committed
        self.rebalancing = False
        self._wake.set()

    async def _recover(self, number: int) -> None:
        """Read the changelog to the end that it has when we begin."""
        await self.process.connected()
        local = self._disk[self._stage.name, number]
        topic = changelog(self._stage.name)
        end = self.broker.end(topic, number)
        while local.end < end:
            count = min(end - local.end, self.process.storm.rng.randint(1, 40))
            take_back(local, self.broker.read(topic, number, local.end, count), heeds_void=self._parts.heeds_void)
            local.end += count
            await self.process.pause("recovery")
            await self.process.connected()

    async def _perform(self) -> None:
        rng = self.process.storm.rng
        while True:
            await self.process.connected()
            self._fetch()
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._runner.perform(self._queue.popleft(), cast(Any, self._consumer))
            if rng.random() < 0.2:
                await self.process.pause("between two batches")

    def _fetch(self) -> None:
        """Fill the queue from some of the partitions that have something, each in the order of its log."""
        if self.rebalancing:
            return
        rng = self.process.storm.rng
        ready = [tp for tp, at in self._fetched.items() if self.broker.end(*tp) > at]
        rng.shuffle(ready)
        for tp in ready[: rng.randint(1, 3)]:
            if len(self._consumer._undone) >= UNDONE_LIMIT:
                return
            count = rng.randint(1, MOST_RECORDS_PER_FETCH)
            records = self.broker.fetch(tp.topic, tp.partition, self._fetched[tp], count)
            batch = Batch(tp=tp, records=records, generation=self.consumer_generation_id)
            self._fetched[tp] = batch.next_offset
            self._consumer._undone.add(batch)
            self._queue.append(batch)

    def fetch_again(self, tp: TP, offset: int) -> None:
        """Nothing of this partition is on its way any more; it is fetched from here on."""
        for batch in [each for each in self._queue if each.tp == tp]:
            self._queue.remove(batch)
            self._consumer._undone.discard(batch)
        self._fetched[tp] = offset

    async def _commit_regularly(self) -> None:
        while True:
            await rest(COMMIT_SECONDS * (0.5 + self.process.storm.rng.random() / 2))
            due = self._consumer.committable()
            if not due:
                continue
            generation = self.consumer_generation_id
            await self.process.pause("before offsets are committed")
            await self.process.connected()
            offsets = {(tp.topic, tp.partition): offset for tp, offset in due.items()}
            if self._group.commit(self, generation, offsets):
                self._consumer._committed_offset.update(due)


def take_back(local: Partition, records: Sequence[Any], *, heeds_void: bool = True) -> None:
    """What recovery does with records of the changelog."""
    for record in records:
        if heeds_void and is_void(record):
            local.put(voided_key(record.key), b"")
        else:
            local.put(record.key, record.value)
