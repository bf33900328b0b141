"""One engine process on the model of Kafka: the real runner, guard, outbox, journal, consumer and RocksDB.

Any of them can be given in a version of its own. A crash ends the process; another one with the same name finds the
disk as it was left, one with another name recovers from the changelog.
"""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiokafka.structs import ConsumerRecord
from faust.stores.rocksdb import Store as RocksStore
from faust.types import TP
from rocksdict import Options, Rdict

from schemas import wire
from schemas.clock import to_millis
from schemas.envelope import Event
from schemas.events import FreeRecord
from schemas.tick import Tick
from schemas.topics import AUDIENCE, DEAD_LETTERS, EVENTS, TICKS
from streams.app import App, build
from streams.batch import Batch
from streams.clock_watch import ClockWatch
from streams.consumer import Consumer
from streams.guard import Guard
from streams.journal import Journal, is_void
from streams.naming import changelog_name
from streams.outbox import Outbox
from streams.pulse import Pulse
from streams.readiness import Readiness
from streams.runner import StageRunner
from streams.store import PartitionStore, voided_key
from streams.writes import Writes
from tests.integration.streams.chimes import CHIMES
from tests.safety.cluster import Cluster
from tidings.config import Installation, Kafka, Worker

EVENTS_0 = TP(EVENTS.name, 0)
TICKS_0 = TP(TICKS.name, 0)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Awake(Pulse):
    """A pulse that needs no thread: this process is never frozen, unless a scenario says so."""

    def check(self) -> None:
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a process is made of."""

    runner: type[StageRunner] = StageRunner
    guard: type[Guard] = Guard
    outbox: type[Outbox] = Outbox
    journal: type[Journal] = Journal
    consumer: type[Consumer] = Consumer
    store: type[PartitionStore] = PartitionStore
    pulse: type[Pulse] = Awake
    clock: ClockWatch | None = None


class Disk:
    """The stores of one process, as `streams.store.Store` hands them out."""

    def __init__(self, home: Path, kind: type[PartitionStore]) -> None:
        self._db = Rdict(str(home), Options(raw_mode=True))
        self._store = kind(self._db)

    def partition(self, number: int) -> PartitionStore:
        assert number == 0, f"the scenarios have one partition, not {number}"
        return self._store

    def rows(self) -> dict[bytes, bytes]:
        """Everything but Faust's own offset."""
        rows: Any = self._db.items()  # untyped where the keys are raw
        return {key: value for key, value in rows if key != RocksStore.offset_key}

    def close(self) -> None:
        self._db.close()


class Process:
    """A worker of the stage chimes that owns partition 0 of its topics."""

    def __init__(
        self,
        cluster: Cluster,
        home: Path,
        name: str = "w1",
        parts: Parts | None = None,
        kafka: Kafka | None = None,
    ) -> None:
        parts = parts or Parts()
        self.cluster = cluster
        self.installation = Installation(home=home, worker=Worker(name=name), kafka=kafka or Kafka())
        prefix = self.installation.kafka.topic_prefix
        self.events, self._ticks = TP(prefix + EVENTS.name, 0), TP(prefix + TICKS.name, 0)
        self.app: App = build(CHIMES, self.installation, Readiness(name, [CHIMES.name]))
        self.consumer = consumer_of(self.app, parts.consumer)
        self.disk = Disk(home / f"{name}.db", parts.store)
        self._changelog = TP(changelog_name(self.installation, CHIMES.name), 0)
        producer: Any = cluster.producer()
        disk: Any = self.disk
        self.runner = parts.runner(
            guard=parts.guard(CHIMES, prefix, {}, parts.clock),
            outbox=parts.outbox(producer, ""),
            journal=parts.journal(producer, self._changelog.topic),
            store=disk,
            pulse=parts.pulse(CHIMES.name),
            kafka=self.installation.kafka,
        )
        self._positions: dict[TP, int] = {}
        self.assign()

    def assign(self) -> None:
        """A rebalance has given us the partition: recover its state, and begin at what is committed."""
        store = self.disk.partition(0)
        newer = self.cluster.log(self._changelog)[store.changelog_end() :]
        if newer:
            PartitionStore(self.disk._db).write(writes_of(newer), newer[-1].offset)
        self.app.consumer_generation_id += 1
        for tp in (self.events, self._ticks):
            self._positions[tp] = self.cluster.committed.get(tp, 0)
            self.consumer._committed_offset[tp] = self._positions[tp]

    def fetch(self, tp: TP | None = None, limit: int = 100) -> Batch | None:
        """The next records of a partition, of topic events unless another is named, as one batch."""
        tp = tp or self.events
        records = list(self.cluster.log(tp)[self._positions[tp] :][:limit])
        if not records:
            return None
        self._positions[tp] += len(records)
        return Batch(tp=tp, records=records, generation=self.app.consumer_generation_id)

    async def perform(self, batch: Batch) -> None:
        await self.runner.perform(batch, self.consumer)

    async def run(self, *, limit: int = 100) -> None:
        """Perform all there is, and commit."""
        for tp in (self.events, self._ticks):
            while (batch := self.fetch(tp, limit)) is not None:
                await self.perform(batch)
        self.commit()

    def lose(self, count: int) -> None:
        """So many events are skipped, as if a fetch had been dropped."""
        self._positions[self.events] += count

    def commit(self) -> None:
        """What Faust does every second."""
        offsets = self.consumer._filter_committable_offsets(self.consumer._filter_tps_with_pending_acks())
        self.consumer._committed_offset.update(offsets)
        self.cluster.committed.update(offsets)

    def rebuilt(self) -> dict[bytes, bytes]:
        """The state as anybody else would recover it from the changelog."""
        return _rows(writes_of(self.changelog()))

    def rebuilt_after_compaction(self) -> dict[bytes, bytes]:
        """The same, when the broker has kept the newest record per key only."""
        newest = {record.key: record for record in self.changelog()}
        return _rows(writes_of(sorted(newest.values(), key=lambda record: record.offset)))

    def changelog(self) -> Sequence[ConsumerRecord[bytes, bytes]]:
        """All that was ever written of the state."""
        return self.cluster.log(self._changelog)

    def end(self) -> None:
        """The process is gone; what it wrote to its disk stays."""
        self.disk.close()

    def lose_disk(self) -> None:
        """The process is gone together with its disk."""
        self.end()
        shutil.rmtree(self.installation.home / f"{self.installation.worker.name}.db")


def consumer_of(app: App, kind: type[Consumer]) -> Consumer:
    """A consumer that was never started."""

    async def ignored(*_: object) -> None:
        return

    made: Consumer = kind(app.transport, ignored, ignored, ignored)
    app.consumer = made
    return made


def _rows(writes: Writes) -> dict[bytes, bytes]:
    return {key: value for key, value in writes.items() if value is not None}


def writes_of(records: Sequence[ConsumerRecord[bytes, bytes]]) -> Writes:
    """What recovery makes of changelog records."""
    writes = Writes()
    for record in records:
        key = record.key or b""
        if is_void(record):
            writes.put(voided_key(key), b"")
        else:
            writes.put(key, record.value)
    return writes


def ring(cluster: Cluster, *ids: str, poison: str | None = None, at: datetime = NOON, to: TP = EVENTS_0) -> None:
    """Publish one event per id."""
    values = {} if poison is None else {"poison": poison}
    for each in ids:
        event = Event(id=each, type="bell.rung", tenant="chimes", subject="c1", time=at, data=FreeRecord(values=values))
        encoded = wire.encode(event)
        cluster.append(to, [(to_millis(at), event.key.encode(), encoded.value, encoded.headers)])


def tick(cluster: Cluster, at: datetime) -> None:
    """Publish one tick."""
    cluster.append(TICKS_0, [(to_millis(at), None, wire.encode(Tick(ticker="t")).value, ())])


def answers(cluster: Cluster) -> Counter[str]:
    """How often each answer of the stage stands in the log."""
    return Counter(_ids(cluster))


def letters(cluster: Cluster) -> list[str | None]:
    """Whose dead letters stand in the log."""
    found = []
    for record in cluster.topic(DEAD_LETTERS.name):
        letter: Any = wire.decode(DEAD_LETTERS, record.key, record.value, record.headers)
        found.append(letter.event_id)
    return found


def _ids(cluster: Cluster) -> Iterator[str]:
    for record in cluster.topic(AUDIENCE.name):
        answer = wire.decode(AUDIENCE, record.key, record.value, record.headers)
        assert isinstance(answer, Event)
        yield answer.id


def with_generation(batch: Batch, app: App) -> Batch:
    """The batch as if it had been delivered under the present assignment."""
    return replace(batch, generation=app.consumer_generation_id)
