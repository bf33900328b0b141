"""A machine's disks: what a worker's local stores hold, which outlives the worker's process."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from streams.store import PartitionStore
from streams.writes import Writes
from tests.simulation.process import Process


@dataclass(slots=True, eq=False)
class Partition:
    """The state of one stage in one partition as one machine has it; `end` is the changelog offset it was read to."""

    rows: dict[bytes, bytes] = field(default_factory=dict)
    keys: list[bytes] = field(default_factory=list)
    end: int = 0

    def put(self, key: bytes, value: bytes | None) -> None:
        """Write or, with None, delete."""
        if value is None:
            if self.rows.pop(key, None) is not None:
                del self.keys[bisect_left(self.keys, key)]
            return
        if key not in self.rows:
            insort(self.keys, key)
        self.rows[key] = value


Disk = defaultdict[tuple[str, int], Partition]
"""Stage and partition → its state."""


def new_disk() -> Disk:
    """An empty disk."""
    return defaultdict(Partition)


class ModelStore(PartitionStore):
    """The product's store over a model of RocksDB: a write happens whole or not at all."""

    __slots__ = ("_partition", "_process")

    def __init__(self, partition: Partition, process: Process) -> None:
        self._partition = partition
        self._process = process

    def get(self, key: bytes) -> bytes | None:
        """The stored value."""
        return self._partition.rows.get(key)

    def between(self, low: bytes, high: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The stored rows with `low <= key < high`, in key order."""
        keys, rows = self._partition.keys, self._partition.rows
        for key in keys[bisect_left(keys, low) : bisect_left(keys, high)]:
            yield key, rows[key]

    def changelog_end(self) -> int:
        """The offset after the last changelog record that this state contains."""
        return self._partition.end

    def write(self, writes: Writes, last_offset: int) -> None:
        """Store all writes together with the changelog offset they end at, or none of them."""
        self._process.seam("before the store is written")
        for key, value in writes.items():
            self._partition.put(key, value)
        self._partition.end = last_offset + 1
        self._process.seam("after the store is written")
