"""What the engine needs of Faust's RocksDB store and of rocksdict."""

import gc
from pathlib import Path
from typing import Any

import pytest
from faust.stores import rocksdb
from faust.stores.rocksdb import Store as RocksStore
from faust.types import TP
from rocksdict import Options, Rdict, WriteBatch

from streams.naming import table_name
from streams.store import ROCKSDB, StageTable, Store
from tests.contracts.rig import ours
from tests.contracts.upgrade import promised, still_needed


def _store(home: Path) -> Store:
    app: Any = ours(home)
    app.conf.tabledir.mkdir(parents=True)
    store: Store = app.tables[table_name()].data
    return store


def _changelog(store: Store, partition: int = 0) -> TP:
    table: Any = store.table
    return TP(table.changelog_topic_name, partition)


async def test_the_table_and_its_store_are_ours(tmp_path: Path) -> None:
    store = _store(tmp_path)
    promised(
        type(store) is Store and type(store.table) is StageTable,
        "that the setting Table and Table._new_store_by_url decide which store a table has.",
        "streams.app._SETTINGS and streams.store.StageTable",
    )


async def test_recovery_hands_its_events_to_the_store(tmp_path: Path) -> None:
    handed: list[Any] = []

    class Noting(Store):
        def apply_changelog_batch(self, batch: Any, to_key: Any, to_value: Any) -> None:
            handed.append(batch)

    table: Any = _store(tmp_path).table
    table._data = Noting("rocksdb://", table.app, table, table_name=table.name, options=dict(ROCKSDB))
    events = [object()]
    table.apply_changelog_batch(events)
    promised(
        handed == [events],
        "that a table hands what recovery read to its store's apply_changelog_batch, as it came.",
        "streams.store.Store.apply_changelog_batch",
    )


async def test_faust_recovers_from_the_offset_that_we_store(tmp_path: Path) -> None:
    store = _store(tmp_path)
    batch = WriteBatch(raw_mode=True)
    batch.put(RocksStore.offset_key, b"41")
    store._db_for_partition(0).write(batch)
    where = "streams.store.PartitionStore.write and Store.apply_changelog_batch"
    promised(store.persisted_offset(_changelog(store)) == 41, "that Faust's recovery begins at offset_key.", where)
    store.set_persisted_offset(_changelog(store), 77)
    promised(
        store.partition(0).changelog_end() == 78,
        "that Faust stores the offset of the last record, in decimal digits.",
        where,
    )


async def test_no_row_of_ours_has_the_key_of_fausts_own() -> None:
    promised(
        RocksStore.offset_key == b"__faust\0offset__",
        "that Faust keeps no key of its own below 0x40 or at 0xff.",
        "streams.store.TABLES_LIMIT",
    )


async def test_faust_closes_a_store_by_letting_go_of_it(tmp_path: Path) -> None:
    store = _store(tmp_path)
    kept = store._db_for_partition(0)
    store.revoke_partitions(store.table, {_changelog(store)})
    with pytest.raises(Exception, match=r"(?i)lock"):
        store._db_for_partition(0)
    del kept
    gc.collect()
    still_needed(
        store._db_for_partition(0) is not None,
        "Faust closes a partition's database only when nothing refers to it any more.",
        "streams.runner._Place, which is not kept between batches,",
    )


def _open(path: Path) -> Rdict:
    return Rdict(str(path), Options(raw_mode=True))


def test_a_write_batch_takes_hold_as_a_whole(tmp_path: Path) -> None:
    db = _open(tmp_path / "db")
    db.put(b"a", b"old")
    batch = WriteBatch(raw_mode=True)
    batch.delete(b"a")
    batch.put(b"b", b"new")
    batch.put(b"b", b"newer")
    promised(
        (db.get(b"a"), db.get(b"b")) == (b"old", None),
        "that nothing of a write batch is seen before it is written.",
        "streams.store.PartitionStore.write",
    )
    db.write(batch)
    promised(
        (db.get(b"a"), db.get(b"b")) == (None, b"newer"),
        "that a write batch does what it was told, in order, keys and values being bytes as they are.",
        "streams.store.PartitionStore.write",
    )
    db.close()


def test_an_iterator_goes_through_the_keys_in_the_order_of_their_bytes(tmp_path: Path) -> None:
    db = _open(tmp_path / "db")
    for key in (b"\x01b", b"\x00z", b"\x01a", b"\xff", b"\x01\xc3\xa9"):
        db.put(key, key)
    rows = db.iter()
    rows.seek(b"\x01")
    found = []
    while rows.valid():
        found.append((rows.key(), rows.value()))
        rows.next()
    rows.status()
    promised(
        found == [(key, key) for key in (b"\x01a", b"\x01b", b"\x01\xc3\xa9", b"\xff")],
        "that an iterator seeks to the first key not below, and goes on in the order of bytes.",
        "streams.store.PartitionStore.between, on which the order of timers rests,",
    )
    db.close()


def test_what_was_written_is_there_after_a_process_that_did_not_close(tmp_path: Path) -> None:
    db = _open(tmp_path / "db")
    db.put(b"k", b"v")
    copy = tmp_path / "copy"
    copy.mkdir()
    for each in (tmp_path / "db").iterdir():
        (copy / each.name).write_bytes(each.read_bytes())  # what a killed process leaves behind
    again = _open(copy)
    promised(
        again.get(b"k") == b"v",
        "that a write is in the operating system's hands when it returns, so that SIGKILL cannot undo it.",
        "streams.store.PartitionStore.write; without it each kill would cost a longer recovery,",
    )
    again.close()
    db.close()


def test_the_driver_is_rocksdict() -> None:
    promised(
        rocksdb.USE_ROCKSDICT and vars(rocksdb)["DB"] is Rdict,
        "that Faust opens its databases with rocksdict.",
        "streams.store, which shares the databases with Faust,",
    )
