"""Rules about recovery: what the disk says of itself must be so, whatever fell in between."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiokafka.structs import ConsumerRecord
from faust.types import TP
from rocksdict import Rdict, WriteBatch

from streams.app import App, build
from streams.batch import Batch
from streams.naming import changelog_name, table_name
from streams.readiness import Readiness
from streams.store import Store
from tests.integration.streams.chimes import CHIMES
from tests.safety.cluster import Cluster
from tests.safety.process import writes_of
from tests.safety.rule import Place, Rule, require
from tidings.config import Installation, Worker

_COUNT = 20
_HALF = 10


class PowerCut(BaseException):
    """Nothing can catch it, as nothing can a power cut."""


class _CrashingDb:
    """A database whose process ends at a certain write."""

    def __init__(self, db: Any, crash_at: int) -> None:
        self._db, self._crash_at, self._count = db, crash_at, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def write(self, batch: Any) -> None:
        self._count += 1
        if self._count >= self._crash_at:
            raise PowerCut
        self._db.write(batch)


class _Recovering:
    """The store of a worker while Faust feeds it a changelog; `crash_at` is the write at which its power is cut."""

    def __init__(self, kind: type[Store], home: Path, crash_at: int = 1_000) -> None:
        installation = Installation(home=home, worker=Worker(name="w1"))
        self.app: App = build(CHIMES, installation, Readiness("w1", [CHIMES.name]))
        self.topic = changelog_name(installation, CHIMES.name)
        self._opened: list[Rdict] = []
        tables: Any = self.app.tables
        table = tables[table_name()]

        class Wired(kind):  # type: ignore[misc, valid-type]  # the class is the scenario's argument
            def _db_for_partition(inner, partition: int) -> Any:  # noqa: N805 - self is the recovery's
                if partition not in inner._dbs:
                    db = inner._open_for_partition(partition)
                    self._opened.append(db)
                    inner._dbs[partition] = _CrashingDb(db, crash_at)
                return inner._dbs[partition]

        self.store = Wired(
            table._store or "rocksdb://",
            self.app,
            table,
            table_name=table.name,
            key_type=bytes,
            value_type=bytes,
            key_serializer=table.key_serializer,
            value_serializer=table.value_serializer,
            options=dict(table.options),
        )
        self.app.conf.tabledir.mkdir(parents=True, exist_ok=True)

    def own(self, partition: int) -> None:
        """A rebalance has given us the partition."""
        tables: Any = self.app.tables
        tables.recovery.active_tps.add(TP(self.topic, partition))

    def feed(self, partition: int, records: Iterable[ConsumerRecord[bytes, bytes]]) -> None:
        """One fetch of the changelog."""
        tp, chunk = TP(self.topic, partition), list(records)
        batch = Batch(tp=tp, records=chunk, generation=1)
        event: Any = SimpleNamespace(message=SimpleNamespace(tp=tp, value=batch, offset=chunk[-1].offset))
        self.store.apply_changelog_batch([event], bytes, bytes)

    def rows(self, partition: int) -> Mapping[bytes, bytes]:
        """What the disk holds."""
        items = self.store._db_for_partition(partition).items()
        return {key: value for key, value in items if key != Store.offset_key}

    def recover(self, partition: int, records: list[ConsumerRecord[bytes, bytes]]) -> None:
        """Read the changelog from where the disk says that it ends."""
        self.own(partition)
        rest = records[self.store.partition(partition).changelog_end() :]
        if rest:
            self.feed(partition, rest)

    def close(self) -> None:
        for db in self._opened:
            db.close()


def _changelog(partition: int) -> list[ConsumerRecord[bytes, bytes]]:
    cluster, tp = Cluster(), TP("changelog", partition)
    for number in range(_COUNT):
        cluster.append(tp, [(0, b"\x00k%d" % (number % 15), b"v%d" % number, ())])
    return list(cluster.log(tp))


def _require_whole(worker: _Recovering, partition: int, records: list[ConsumerRecord[bytes, bytes]]) -> None:
    wanted = {key: value for key, value in writes_of(records).items() if value is not None}
    found = worker.rows(partition)
    gone = sorted(key.decode() for key in wanted.keys() - found.keys())
    require(not gone, f"lost from the state: {len(gone)} rows of {len(wanted)}")
    require(found == wanted, "the state is older than its offset says")


class OffsetFirst(Store):
    """Stores the changelog's offset, and then the rows, as two writes."""

    def apply_changelog_batch(self, batch: Any, to_key: Any, to_value: Any) -> None:
        for partition, (write, last) in self._by_partition(batch).items():
            offset = WriteBatch(raw_mode=True)
            offset.put(self.offset_key, str(last).encode())
            self._db_for_partition(partition).write(offset)
            self._db_for_partition(partition).write(write)


async def a_crash_in_the_middle_of_recovery_leaves_a_state_that_can_be_completed(
    store: type[Store], place: Place
) -> None:
    records = _changelog(0)
    for number in range(1, 5):
        home = place.home / str(number)
        worker = _Recovering(store, home, crash_at=number)
        try:
            worker.own(0)
            worker.feed(0, records[:_HALF])
            worker.feed(0, records[_HALF:])
        except PowerCut:
            assert number < _COUNT
        worker.close()
        again = _Recovering(Store, home)
        again.recover(0, records)
        _require_whole(again, 0, records)
        again.close()


class AnyPartition(Store):
    """Takes over whatever comes."""

    def _by_partition(self, batch: Any) -> Any:
        events = list(batch)
        tables: Any = self.app.tables
        tables.recovery.active_tps.update(event.message.tp for event in events)
        return super()._by_partition(events)


async def a_fetch_of_a_partition_that_was_given_away_does_not_reach_its_disk(store: type[Store], place: Place) -> None:
    """Its first half fell with the queues at the rebalance; the second half must not pretend to be all."""
    records = _changelog(1)
    worker = _Recovering(store, place.home)
    worker.own(0)
    worker.feed(1, records[_HALF:])
    worker.recover(1, records)
    _require_whole(worker, 1, records)
    worker.close()


RULES = (
    Rule(
        says="recovered rows and their offset reach the disk in one write",
        kept_by=Store,
        at="apply_changelog_batch",
        without=OffsetFirst,
        scenario=a_crash_in_the_middle_of_recovery_leaves_a_state_that_can_be_completed,
    ),
    Rule(
        says="recovery leaves out partitions that are no longer ours",
        kept_by=Store,
        at="_by_partition",
        without=AnyPartition,
        scenario=a_fetch_of_a_partition_that_was_given_away_does_not_reach_its_disk,
    ),
)
