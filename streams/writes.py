"""Writes: what is to be written, the last word per key, readable in key order before it is stored."""

from bisect import bisect_left, insort
from collections.abc import ItemsView, Iterator
from itertools import islice

_PER_WRITE_BYTES = 48
"""What a record in a Kafka batch may need around its key and value, at most, with the offset that it claims."""

_FEW = 16


class Writes:
    """A map from raw key to raw value, or None for a deletion.

    Putting costs a dict write; keys are brought into order only when someone asks for a range.
    """

    __slots__ = ("_ordered", "by_key", "size_bytes")

    def __init__(self) -> None:
        self.by_key: dict[bytes, bytes | None] = {}
        """For reading, which is done several times per record; what is written goes through `put`."""
        self._ordered: list[bytes] = []
        self.size_bytes = 0
        """What all of it takes in a Kafka record batch, at most; an overwritten value still counts."""

    def __len__(self) -> int:
        return len(self.by_key)

    def __contains__(self, key: bytes) -> bool:
        return key in self.by_key

    def __getitem__(self, key: bytes) -> bytes | None:
        return self.by_key[key]

    def put(self, key: bytes, value: bytes | None) -> None:
        """Write or, with None, delete."""
        self.by_key[key] = value
        self.size_bytes += len(key) + (len(value) if value else 0) + _PER_WRITE_BYTES

    def merge(self, newer: "Writes") -> None:
        """Take over all of `newer`."""
        self.by_key.update(newer.by_key)
        self.size_bytes += newer.size_bytes

    def items(self) -> ItemsView[bytes, bytes | None]:
        """All writes, in the order in which their keys were first written."""
        return self.by_key.items()

    def between(self, low: bytes, high: bytes) -> Iterator[tuple[bytes, bytes | None]]:
        """The writes with `low <= key < high`, in key order."""
        self._bring_into_order()
        for index in range(bisect_left(self._ordered, low), len(self._ordered)):
            key = self._ordered[index]
            if key >= high:
                return
            yield key, self.by_key[key]

    def _bring_into_order(self) -> None:
        """Keys are never removed, so the newest are the last of the map."""
        count = len(self.by_key) - len(self._ordered)
        unordered = islice(reversed(self.by_key), count)
        if count > _FEW:
            self._ordered.extend(unordered)
            self._ordered.sort()
        else:
            for key in unordered:
                insort(self._ordered, key)
