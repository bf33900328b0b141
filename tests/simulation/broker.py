"""A model of Kafka's log: partitions, offsets, atomic record batches, committed offsets and compaction."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, TypeAlias

from aiokafka.errors import KafkaTimeoutError, OutOfOrderSequenceNumber
from aiokafka.structs import ConsumerRecord

from gateways.ledger import OFFSET_HEADER
from schemas.topics import BY_NAME, Clock
from streams.journal import is_void as stands_elsewhere
from tests.simulation.loop import now, running
from tests.simulation.process import Process
from tests.simulation.storm import Storm

Place = tuple[str, int]
"""Topic and partition."""
Stored: TypeAlias = ConsumerRecord[bytes, bytes]


class Row(NamedTuple):
    """One record on its way into the log."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp_ms: int = 0


class Broker:
    """All topics. The clock of its machine is moved by the script of a world only."""

    def __init__(self, storm: Storm, now_ms: int) -> None:
        self.storm = storm
        self.now_ms = now_ms
        self.logs: defaultdict[Place, list[Stored | None]] = defaultdict(list)
        self.history: defaultdict[Place, list[Stored]] = defaultdict(list)
        """Everything that was ever appended, untouched by compaction: what the laws are checked against."""
        self.appended_at: defaultdict[Place, list[float]] = defaultdict(list)
        self.appended_ms: defaultdict[Place, list[int]] = defaultdict(list)
        """When each record came to stand there: in seconds of the world, and by the clock on the wall."""
        self.batches: defaultdict[Place, list[range]] = defaultdict(list)
        """The offsets of each batch that was appended."""
        self.committed: dict[tuple[str, str, int], int] = {}
        self.commits: list[tuple[float, str, Place, int]] = []
        """Every commit that was taken: when, of which group, where, up to which offset."""
        self._watchers: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)

    def append(self, topic: str, partition: int, rows: Iterable[Row]) -> int:
        """Append one batch, whole; the offset of its first record."""
        log, history = self.logs[topic, partition], self.history[topic, partition]
        first = len(log)
        catalogued = BY_NAME.get(topic)
        by_broker = catalogued is not None and catalogued.clock is Clock.APPEND
        for offset, row in enumerate(rows, first):
            at_ms = self.now_ms if by_broker else row.timestamp_ms
            record = _record(topic, partition, offset, at_ms, row)
            log.append(record)
            history.append(record)
            self.appended_at[topic, partition].append(now())
            self.appended_ms[topic, partition].append(self.now_ms)
        self.batches[topic, partition].append(range(first, len(log)))
        self.storm.step(f"  {topic}/{partition} [{first}..{len(log) - 1}]")
        for wake in self._watchers.get(topic, ()):
            wake()
        return first

    def end(self, topic: str, partition: int) -> int:
        """The offset after the last record."""
        return len(self.logs.get((topic, partition), ()))

    def read(self, topic: str, partition: int, offset: int, limit: int) -> Sequence[Stored]:
        """What is left of so many offsets from this one on."""
        log = self.logs.get((topic, partition), [])
        return [record for record in log[offset : offset + limit] if record is not None]

    def fetch(self, topic: str, partition: int, offset: int, limit: int) -> Sequence[Stored]:
        """So many records from this offset on; what compaction has removed is passed over."""
        log = self.logs.get((topic, partition), [])
        left = (record for record in islice(log, offset, None) if record is not None)
        return list(islice(left, limit))

    def compact(self, topic: str, partition: int, keep_from: int) -> None:
        """Drop every record before `keep_from` of which there is a newer one with its key there; deletions are kept.

        What stands after the last record that counts is young: its partition's next owner has not begun.
        """
        log = self.logs[topic, partition]
        counting = (record.offset + 1 for record in reversed(log) if record is not None and not is_void(record))
        keep_from = min(keep_from, next(counting, 0))
        newest = {record.key: record.offset for record in log[:keep_from] if record is not None}
        for offset, record in enumerate(log[:keep_from]):
            if record is not None and newest[record.key] != offset:
                log[offset] = None

    def watch(self, topic: str, wake: Callable[[], None]) -> None:
        """Call this at every append to the topic."""
        self._watchers[topic].append(wake)


class RecordBatch:
    """What aiokafka's BatchBuilder is to the product."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def append(
        self,
        *,
        timestamp: int | None,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> object:
        """Take one record; there is always room."""
        self.rows.append(Row(key, value, tuple(headers), timestamp or 0))
        return self

    def close(self) -> None:
        """Nothing more is taken."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a batch came to stand."""

    offset: int


@dataclass(slots=True, kw_only=True, eq=False)
class Producer:
    """One process's idempotent producer: in order per partition, and each batch once, or an error.

    What it was given may reach the broker after the process has ended, and, when the network was away, much later.
    """

    broker: Broker
    process: Process
    pending: set[asyncio.Future[Metadata]] = field(default_factory=set)
    _waiting: defaultdict[Place, deque[tuple[list[Row], asyncio.Future[Metadata]]]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    _lost: set[Place] = field(default_factory=set)

    def create_batch(self) -> RecordBatch:
        """An empty batch."""
        return RecordBatch()

    async def send_batch(self, batch: RecordBatch, topic: str, *, partition: int) -> asyncio.Future[Metadata]:
        """Hand a batch over; the answer is done when all replicas have it."""
        await self.process.pause(f"before {topic}/{partition} is sent to")
        loop = running()
        acked: asyncio.Future[Metadata] = loop.create_future()
        self.pending.add(acked)
        acked.add_done_callback(self._acked)
        place = (topic, partition)
        self._waiting[place].append((batch.rows, acked))
        loop.call_at(self.process.reachable_at + self.broker.storm.latency_seconds(), self._arrive, place)
        return acked

    async def flush(self) -> None:
        """Return when everything that was handed over is acknowledged or has failed."""
        while self.pending:
            await asyncio.wait(self.pending)

    def _acked(self, acked: asyncio.Future[Metadata]) -> None:
        self.pending.discard(acked)
        if not acked.cancelled():
            acked.exception()

    def _arrive(self, place: Place) -> None:
        """The request that was the first of those that wait for this partition comes to the broker."""
        storm, process = self.broker.storm, self.process
        if process.is_alive and process.cut_until > now():
            running().call_at(process.cut_until, self._arrive, place)
            return
        rows, acked = self._waiting[place].popleft()
        if place in self._lost or (not process.is_alive and storm.rng.random() < 0.5):
            self._lost.add(place)
            self._answer(acked, OutOfOrderSequenceNumber("a batch before this one is missing"))
            return
        fails = process.is_alive and storm.strikes(storm.odds.failed_send)
        if fails:
            arrived = storm.rng.random() < 0.5
            storm.fault(
                f"{process.name}: a send to {place[0]}/{place[1]} times out, {'after' if arrived else 'before'}"
            )
            if not arrived:
                self._lost.add(place)
                self._answer(acked, KafkaTimeoutError("no answer in time"))
                return
        if not process.is_alive:
            storm.step(f"{process.name} is gone, but its last words arrive")
        first = self.broker.append(*place, rows)
        self._answer(acked, KafkaTimeoutError("no answer in time") if fails else Metadata(first))

    def _answer(self, acked: asyncio.Future[Metadata], answer: Metadata | Exception) -> None:
        at = max(self.process.reachable_at, self.process.frozen_until) + self.broker.storm.latency_seconds()
        running().call_at(at, _tell, self.process, acked, answer)


def _tell(process: Process, acked: asyncio.Future[Metadata], answer: Metadata | Exception) -> None:
    if acked.done() or not process.is_alive:
        return
    if isinstance(answer, Exception):
        acked.set_exception(answer)
    else:
        acked.set_result(answer)


def is_void(record: Stored) -> bool:
    """Whether a record of a changelog or a ledger stands elsewhere than it says."""
    return stands_elsewhere(record) or any(
        name == OFFSET_HEADER and int(claimed) != record.offset for name, claimed in record.headers
    )


def _record(topic: str, partition: int, offset: int, at_ms: int, row: Row) -> Stored:
    return ConsumerRecord(topic, partition, offset, at_ms, 0, row.key, row.value, None, 0, 0, row.headers)
