"""The store of a worker while Faust feeds it a changelog, without Faust's loop and without a broker."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiokafka.structs import ConsumerRecord
from faust.types import TP
from rocksdict import Rdict

from streams.app import App, build
from streams.batch import Batch
from streams.naming import changelog_name, table_name
from streams.readiness import Readiness
from streams.store import Store
from tests.integration.streams.chimes import CHIMES
from tidings.config import Installation, Worker


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


class Recovering:
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
