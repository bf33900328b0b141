"""A unit that stands where its writer did not expect it counts for nobody."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord
from faust.types import TP
from rocksdict import Options, Rdict

from streams.batch import Batch
from streams.crash import Fatal
from streams.journal import Journal, is_void
from streams.store import ANNOUNCED, PartitionStore, Store, voided_key
from streams.writes import Writes
from tests.safety.cluster import Cluster, Crashed
from tests.safety.process import Process, ring
from tests.simulation.broker import Metadata, RecordBatch

CHANGELOG = TP("changelog", 3)


class OneAppend:
    """A producer whose only batch comes to stand at a given offset."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.batch = RecordBatch()

    def create_batch(self) -> RecordBatch:
        return self.batch

    async def send_batch(self, batch: RecordBatch, topic: str, *, partition: int) -> Any:
        async def acked() -> Metadata:
            return Metadata(self.offset)

        return acked()

    def records(self) -> list[ConsumerRecord[bytes, bytes]]:
        return [
            ConsumerRecord("changelog", 3, offset, 0, 0, row.key, row.value, None, 0, 0, row.headers)
            for offset, row in enumerate(self.batch.rows, self.offset)
        ]


def writes(*rows: tuple[bytes, bytes | None]) -> Writes:
    made = Writes()
    for key, value in rows:
        made.put(key, value)
    return made


async def appended(at: int, expected: int, *rows: tuple[bytes, bytes | None]) -> list[ConsumerRecord[bytes, bytes]]:
    producer = OneAppend(at)
    journal = Journal(producer, "changelog")  # type: ignore[arg-type]  # what the journal needs of a producer
    if at == expected:
        await journal.append(3, writes(*rows), expected)
    else:
        with pytest.raises(Fatal, match=f"wrote at {at}, not at {expected}"):
            await journal.append(3, writes(*rows), expected)
    return producer.records()


async def test_a_unit_is_void_unless_it_stands_where_its_writer_expected() -> None:
    rows = ((b"a", b"1"), (b"b", None), (b"c", b"3"))
    assert [is_void(record) for record in await appended(7, 7, *rows)] == [False, False, False]
    assert [is_void(record) for record in await appended(9, 7, *rows)] == [True, True, True]


class DiskStore(Store):
    """The store without Faust: what recovery gives it goes to one RocksDB."""

    def __init__(self, directory: Path) -> None:
        self.db = Rdict(str(directory), options=Options(raw_mode=True))
        self.app = SimpleNamespace(  # type: ignore[assignment]  # what recovery needs of an app
            tables=SimpleNamespace(recovery=SimpleNamespace(active_tps={CHANGELOG}, standby_tps=set())),
            pulse=SimpleNamespace(progress=lambda: None),
        )
        self.table = SimpleNamespace(changelog_topic_name="changelog")  # type: ignore[assignment]  # as above

    def _db_for_partition(self, partition: int) -> Rdict:
        return self.db

    def recover(self, records: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        value = Batch(tp=CHANGELOG, records=records, generation=1)
        message = SimpleNamespace(tp=CHANGELOG, value=value, offset=records[-1].offset)
        self.apply_changelog_batch([SimpleNamespace(message=message)], bytes, bytes)  # type: ignore[list-item]


async def test_recovery_leaves_a_void_unit_out_and_remembers_what_to_write_again(tmp_path: Path) -> None:
    store = DiskStore(tmp_path / "db")
    store.recover(await appended(0, 0, (b"\x00a", b"owner"), (b"\x00b", b"owner")))
    store.recover(await appended(2, 1, (b"\x00a", b"zombie"), (b"\x00z", b"zombie")))
    state = PartitionStore(store.db)
    assert (state.get(b"\x00a"), state.get(b"\x00b"), state.get(b"\x00z")) == (b"owner", b"owner", None)
    assert state.changelog_end() == 4
    assert state.voided() == [b"\x00a", b"\x00z"]
    store.recover(
        await appended(4, 4, (b"\x00a", b"owner"), (voided_key(b"\x00a"), None), (voided_key(b"\x00z"), None))
    )
    assert state.voided() == []


@pytest.mark.parametrize("key", [b"\x00gone", ANNOUNCED])
async def test_what_is_written_again_ends_with_a_value_which_compaction_keeps(tmp_path: Path, key: bytes) -> None:
    """A recovery reads up to the log's end, which must not be a deletion that is removed in time."""
    cluster = Cluster()
    ring(cluster, "e0")
    process = Process(cluster, tmp_path)
    await process.run()
    store = process.disk.partition(0)
    announced = store.get(ANNOUNCED)
    store.write(writes((voided_key(key), b"")), store.changelog_end() - 1)
    process.end()
    ring(cluster, "e1")
    cluster.crash_at, cluster.crash_after = len(cluster.appends), True
    again = Process(cluster, tmp_path)
    with pytest.raises(Crashed):
        await again.run()
    last = again.changelog()[-1]
    assert (last.key, last.value) == (ANNOUNCED, announced)
    assert again.changelog()[-2].key == voided_key(key)
    again.end()
