"""Rules about recovery: what the disk says of itself must be so, whatever fell in between."""

from typing import Any

from aiokafka.structs import ConsumerRecord
from faust.types import TP
from rocksdict import WriteBatch

from streams.store import Store
from tests.safety.cluster import Cluster
from tests.safety.process import writes_of
from tests.safety.recovering import PowerCut, Recovering
from tests.safety.rule import Place, Rule, require

_COUNT = 20
_HALF = 10


def _changelog(partition: int) -> list[ConsumerRecord[bytes, bytes]]:
    cluster, tp = Cluster(), TP("changelog", partition)
    for number in range(_COUNT):
        cluster.append(tp, [(0, b"\x00k%d" % (number % 15), b"v%d" % number, ())])
    return list(cluster.log(tp))


def _require_whole(worker: Recovering, partition: int, records: list[ConsumerRecord[bytes, bytes]]) -> None:
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
        worker = Recovering(store, home, crash_at=number)
        try:
            worker.own(0)
            worker.feed(0, records[:_HALF])
            worker.feed(0, records[_HALF:])
        except PowerCut:
            assert number < _COUNT
        worker.close()
        again = Recovering(Store, home)
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
    worker = Recovering(store, place.home)
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
