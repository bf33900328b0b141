"""The store: a stage's state in one partition on this machine, in RocksDB, beside the position it was made from.

Faust opens, closes and recovers it. The changelog is the truth; what is on disk may be deleted while the worker is off.
"""

import logging
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from struct import Struct
from typing import Any, cast

from faust.stores.rocksdb import Store as RocksStore
from faust.tables.table import Table as FaustTable
from faust.types import TP, EventT
from rocksdict import Rdict, WriteBatch

from streams import announcement
from streams.announcement import Announcement
from streams.batch import Batch
from streams.crash import Fatal, die
from streams.journal import is_void
from streams.staleness import stale
from streams.writes import Writes
from tidings.config import Kafka

log = logging.getLogger(__name__)

ROCKSDB = {"driver": "rocksdict", "block_cache_size": 16 << 20, "write_buffer_size": 8 << 20}
"""Small caches, since each partition has its own. Never the option `ttl`: it deletes data."""

TABLES_LIMIT = 64
"""Logical tables per stage; their one-byte prefixes stay below Faust's own key, which begins with `_`."""

_POSITION = b"\xff"
"""Sorts after everything else."""

_VOIDED = b"\xfe"
"""Before keys whose newest record in the changelog is void, until they are written again; sorts after every table."""

ANNOUNCED = b"\xfd"
"""The key of the newest announcement; sorts after every table."""

_OFFSET = Struct(">q")


class PartitionStore:
    """One partition of a stage's state; any trouble with the disk is Fatal, never a record's fault."""

    __slots__ = ("_db",)

    def __init__(self, db: Rdict) -> None:
        self._db = db

    def get(self, key: bytes) -> bytes | None:
        """The stored value."""
        try:
            stored: bytes | None = self._db.get(key)
            return stored
        except Exception as error:
            raise Fatal(f"the store cannot be read: {error}") from error

    def between(self, low: bytes, high: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The stored rows with `low <= key < high`, in key order."""
        try:
            rows = self._db.iter()
            rows.seek(low)
            while rows.valid():
                key = rows.key()
                if key >= high:
                    return
                yield key, rows.value()
                rows.next()
            rows.status()
        except Exception as error:
            raise Fatal(f"the store cannot be read: {error}") from error

    def position(self, topic: str) -> int:
        """The next offset of a source topic that this state has not yet seen."""
        stored = self.get(position_key(topic))
        return cast(int, _OFFSET.unpack(stored)[0]) if stored else 0

    def announced(self) -> Announcement | None:
        """What was announced last; it may be done by now."""
        stored = self.get(ANNOUNCED)
        return None if stored is None else announcement.decode(stored)

    def voided(self) -> list[bytes]:
        """The keys whose newest record in the changelog may be void; compaction would keep that one alone."""
        return [key[1:] for key, _ in self.between(_VOIDED, _POSITION)]

    def changelog_end(self) -> int:
        """The offset after the last changelog record that this state contains."""
        stored = self.get(RocksStore.offset_key)
        return int(stored) + 1 if stored else 0

    def write(self, writes: Writes, last_offset: int) -> None:
        """Store all writes together with the changelog offset they end at, or none of them."""
        batch = WriteBatch(raw_mode=True)
        for key, value in writes.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(RocksStore.offset_key, str(last_offset).encode())
        try:
            self._db.write(batch)
        except Exception as error:
            raise Fatal(f"the store cannot be written: {error}") from error


def position_key(topic: str) -> bytes:
    """The key under which the position in a source topic lies beside the state."""
    return _POSITION + topic.encode()


def position_value(next_offset: int) -> bytes:
    """A position as it is stored."""
    return _OFFSET.pack(next_offset)


def voided_key(key: bytes) -> bytes:
    """The key under which it is remembered that a void record has this key."""
    return _VOIDED + key


class Store(RocksStore):
    """Faust's RocksDB store whose recovery takes whole fetches and stores data and offset in one write.

    A million records from an empty disk take 3.2 s; stock Faust needs 10.9 s for a tenth of that, and a crash between
    its two writes leaves data that its offset does not speak of.
    """

    def apply_changelog_batch(
        self, batch: Iterable[EventT[Any]], to_key: Callable[[Any], Any], to_value: Callable[[Any], Any]
    ) -> None:
        """Write what recovery read; records of partitions that are no longer ours are left out."""
        try:
            for partition, (write, last_offset) in self._by_partition(batch).items():
                write.put(self.offset_key, str(last_offset).encode())
                self._db_for_partition(partition).write(write)
        except Exception as error:  # noqa: BLE001 - die reports it
            die("recovery failed", error)
        self.app.pulse.progress()  # type: ignore[attr-defined]  # our App

    def partition(self, number: int) -> PartitionStore:
        """The state of one partition, opened when it is not yet."""
        return PartitionStore(self._db_for_partition(number))

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Before partitions that come to this worker are opened, drop state that is too old to be read on from."""
        topic = cast(StageTable, self.table).changelog_topic_name
        found = [tp for tp in newly_assigned if tp.topic == topic and self.partition_path(tp.partition).exists()]
        ends = {tp: self.partition(tp.partition).changelog_end() for tp in found}
        kafka: Kafka = self.app.kafka  # type: ignore[attr-defined]  # our App
        for tp in await stale(kafka, {tp: end for tp, end in ends.items() if end}, datetime.now(UTC)):
            log.warning("the state of %s/%s on this disk ends long ago, at %s: it is rebuilt", *tp, ends[tp])
            self.revoke_partitions(self.table, {tp})
            shutil.rmtree(self.partition_path(tp.partition))
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    def _by_partition(self, batch: Iterable[EventT[Any]]) -> dict[int, tuple[WriteBatch, int]]:
        recovery = self.app.tables.recovery  # type: ignore[attr-defined]  # missing in Faust's interface only
        writes: dict[int, WriteBatch] = defaultdict(lambda: WriteBatch(raw_mode=True))
        last_offsets: dict[int, int] = {}
        for event in batch:
            tp = event.message.tp
            ours = tp in recovery.active_tps or tp in recovery.standby_tps
            if tp.topic != cast(StageTable, self.table).changelog_topic_name or not ours:
                continue
            for record in cast(Batch, event.message.value).records:
                if is_void(record):
                    log.warning("%s/%s/%s is void: a worker wrote that had lost its partition", *tp, record.offset)
                    writes[tp.partition].put(voided_key(record.key), b"")
                elif record.value is None:
                    writes[tp.partition].delete(record.key)
                else:
                    writes[tp.partition].put(record.key, record.value)
            last_offsets[tp.partition] = event.message.offset
        return {partition: (writes[partition], last) for partition, last in last_offsets.items()}


class StageTable(FaustTable[bytes, bytes]):
    """The one Faust table of a stage."""

    def _new_store_by_url(self, url: Any) -> Store:
        return Store(
            url,
            self.app,
            self,
            table_name=self.name,
            key_type=self.key_type,
            key_serializer=self.key_serializer,
            value_serializer=self.value_serializer,
            value_type=self.value_type,
            loop=self.loop,
            options=dict(self.options or {}),
        )
