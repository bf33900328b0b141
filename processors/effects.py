"""What a stage is given and what it may ask for: Kafka Streams' own words, as data.

A stage's function is pure: `(record, tables) → effects`. They are asked for one by one; each takes hold before the next
one is asked for, so that the function reads its own writes. If it raises, all its effects are undone and the record is
a dead letter. Of what a timer wakes (`Fire`) only that timer's effects are undone: the timer is the dead letter, and
its neighbours fire.

Records and effects are tuples, for several are made per event, and a frozen dataclass costs three times as much; they
are read by name like any other, and where many are made, made by place: that takes half the time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from schemas.faults import Fault

T = TypeVar("T")


class Record(NamedTuple):
    """One Kafka record, decoded; `now` is its timestamp, the only time a stage knows."""

    topic: str
    key: str
    value: object
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[T]):
    """A keyed table of one stage; `name` is state on disk and never renamed."""

    name: str
    holds: type[T]


class Tables(Protocol):
    """The tables of one stage in one partition, and the full copies it joins."""

    def get(self, table: Table[T], key: str) -> T | None:
        """The row, or None."""

    def range(self, table: Table[T], low: str, high: str, limit: int) -> list[tuple[str, T]]:
        """Up to `limit` rows with `low <= key < high`, in order of their keys' UTF-8 bytes."""

    def shared(self, topic: str, key: str) -> object | None:
        """The newest record of a compacted topic that the stage joins in full, or None."""

    def had_enough(self) -> bool:
        """Whether this record has done so much that what can be left to the next one should be."""


class Forward(NamedTuple):
    """Append a record to a topic, with the time of the record that caused it."""

    topic: str
    key: str
    value: object


class Put(NamedTuple):
    """Write a row."""

    table: Table[Any]
    key: str
    value: object


class Delete(NamedTuple):
    """Remove a row."""

    table: Table[Any]
    key: str


class Refuse(NamedTuple):
    """Set the record aside as a dead letter with these faults; what was done for it before is undone."""

    faults: tuple[Fault, ...]


class Fire(NamedTuple):
    """Remove the timer `key` and do what it wakes; if that fails, the timer alone is set aside as a dead letter.

    Effects are asked for once the timer is removed; there is no Fire among them. A timer whose writes have no room left
    beside those of its neighbours stays until the next tick.
    """

    table: Table[Any]
    key: str
    effects: "Iterator[Effect]"


Effect = Forward | Put | Delete | Refuse | Fire
Function = Callable[[Record, Tables], Iterator[Effect]]


def prefix_end(prefix: str) -> str:
    """The smallest key greater than all keys that begin with `prefix`, for range scans."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def row_key(*parts: str) -> str:
    """A table key of several parts; no part contains NUL (the envelope refuses it)."""
    return "\0".join(parts)
