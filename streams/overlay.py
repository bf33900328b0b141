"""The overlay: the tables as one record's function sees them, its own writes laid over the unit's and the store's.

What a function reads has always been decoded from bytes, also its own writes, so that where a unit of work ends can
never be seen in a result. A get costs a RocksDB read (about 2 µs) and the decoding; a range costs an iterator on top.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar, cast

from processors.effects import Table
from schemas import codec
from streams.limits import ENOUGH_BYTES, ENOUGH_FORWARDED_BYTES, require_fit
from streams.unit_of_work import WRITES_LIMIT_BYTES
from streams.writes import Writes

T = TypeVar("T")


class Rows(Protocol):
    """What lies under the overlay: stored rows."""

    def get(self, key: bytes) -> bytes | None:
        """The stored value."""

    def between(self, low: bytes, high: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The stored rows with `low <= key < high`, in key order."""


Copies = Mapping[str, Mapping[str, object]]
"""The full copies a stage joins: topic → key → record."""


class Overlay:
    """The `Tables` of one record; `writes` are its own, and are dropped with it when the record is set aside."""

    __slots__ = (
        "_before",
        "_before_bytes",
        "_codes",
        "_copies",
        "_is_undoable",
        "_stored",
        "_unit",
        "forwarded_bytes",
        "is_full",
        "writes",
    )

    def __init__(self, codes: Mapping[str, bytes], stored: Rows, unit: Writes, copies: Copies) -> None:
        self._codes = codes
        self._stored = stored
        self._unit = unit
        self._copies = copies
        self._before: dict[bytes, bytes | _Absent | None] = {}
        self._before_bytes = 0
        self._is_undoable = False
        self.writes = Writes()
        self.forwarded_bytes = 0
        """How much its timers have forwarded so far; whoever performs them counts it."""
        self.is_full = False
        """Whether something found no room any more, and so was undone."""

    def get(self, table: Table[T], key: str) -> T | None:
        """The row, or None."""
        raw_key = self._codes[table.name] + key.encode()
        if raw_key in (written := self.writes.by_key) or raw_key in (written := self._unit.by_key):
            value = written[raw_key]
        else:
            value = self._stored.get(raw_key)
        return None if value is None else cast(T, codec.decode(value))

    def range(self, table: Table[T], low: str, high: str, limit: int) -> list[tuple[str, T]]:
        """Up to `limit` rows with `low <= key < high`, in order of their keys' UTF-8 bytes."""
        code = self._codes[table.name]
        raw_low, raw_high = code + low.encode(), code + high.encode()
        layers = (each.between(raw_low, raw_high) for each in (self.writes, self._unit, self._stored))
        rows = newest_of(tuple(layers), limit)
        return [(key[len(code) :].decode(), cast(T, codec.decode(value))) for key, value in rows]

    def shared(self, topic: str, key: str) -> object | None:
        """The newest record of a compacted topic that the stage joins in full, or None."""
        return self._copies[topic].get(key)

    def had_enough(self) -> bool:
        """Whether what is left should be left to the next record."""
        enough = self.writes.size_bytes > ENOUGH_BYTES or self.forwarded_bytes > ENOUGH_FORWARDED_BYTES
        return self.is_full or enough

    def put(self, table: Table[Any], key: str, record: object) -> None:
        """Write a row of the class that the table holds."""
        if type(record) is not table.holds:
            raise TypeError(f"table {table.name} holds {table.holds.__name__}, not {type(record).__name__}")
        self._write(self._codes[table.name] + key.encode(), codec.encode(record))

    def delete(self, table: Table[Any], key: str) -> None:
        """Remove a row; removing one that is not there changes nothing."""
        self._write(self._codes[table.name] + key.encode(), None)

    def begin(self) -> None:
        """What is written from now on can be undone."""
        self._before = {}
        self._before_bytes = self.writes.size_bytes
        self._is_undoable = True

    def keep(self) -> bool:
        """Leave what was written since `begin`, if a unit has room for it beside what was written before."""
        require_fit(self.writes.size_bytes - self._before_bytes)
        self._is_undoable = False
        if self.writes.size_bytes <= WRITES_LIMIT_BYTES:
            return True
        self.undo()
        self.is_full = True
        return False

    def undo(self) -> None:
        """Forget what was written since `begin`."""
        written, self.writes = self.writes, Writes()
        for key, value in written.items():
            before = self._before.get(key, value)
            if not isinstance(before, _Absent):
                self.writes.put(key, before)
        self.writes.size_bytes = self._before_bytes
        self._is_undoable = False

    def _write(self, key: bytes, value: bytes | None) -> None:
        if self._is_undoable and key not in self._before:
            self._before[key] = self.writes[key] if key in self.writes else _Absent()
        self.writes.put(key, value)


class _Absent:
    """In place of a value: nothing was written before."""


def newest_of(layers: tuple[Iterable[tuple[bytes, bytes | None]], ...], limit: int) -> list[tuple[bytes, bytes]]:
    """Up to `limit` rows over all layers in key order; each layer is in key order, and the first one wins."""
    found: list[tuple[bytes, bytes]] = []
    newest_key: bytes | None = None
    for key, _, value in heapq.merge(*(_aged(layer, age) for age, layer in enumerate(layers))):
        if len(found) == limit:
            break
        if key == newest_key:
            continue
        newest_key = key
        if value is not None:
            found.append((key, value))
    return found


def _aged(layer: Iterable[tuple[bytes, bytes | None]], age: int) -> Iterator[tuple[bytes, int, bytes | None]]:
    for key, value in layer:
        yield key, age, value
