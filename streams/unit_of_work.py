"""A unit of work: what a run of records of one partition does to the state and to other topics, stored in one go.

Its writes leave as one Kafka record batch, which the broker appends whole or not at all; so a unit has a size limit.
A crash repeats at most one unit: with the same state and the same records, so its outputs are the same again.
"""

from time import monotonic
from typing import NamedTuple

from schemas.faults import Fault
from schemas.wire import Encoded
from streams.writes import Writes

WRITES_LIMIT_BYTES = 900_000
"""A unit's writes, and so one record's: they must fit one record batch of the changelog (1 MiB)."""

_FULL_WRITES_BYTES = 600_000
_FULL_OUTPUTS_BYTES = 4_000_000
_RECORD_OVERHEAD_BYTES = 128
_HEADER_OVERHEAD_BYTES = 10
_FULL_SECONDS = 0.5
"""The event loop turns at least this often, so that rebalances and commits are heard while a backlog is worked off."""


class Output(NamedTuple):
    """One record on its way to a topic, which is called as in the catalogue; a tuple, for it is made often."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    timestamp_ms: int
    size_bytes: int
    """What it takes without compression, at most."""


class Change(NamedTuple):
    """What one record does: all of it happens, or it was replaced by a dead letter."""

    writes: Writes
    outputs: list[Output]
    faults: tuple[Fault, ...] = ()
    """For what was set aside, the record or timers that fired at it, the first thing that is wrong with each."""


def output(topic: str, key: str, encoded: Encoded, timestamp_ms: int) -> Output:
    """A record for `topic`, whose time is that of the record that causes it."""
    raw_key, (value, headers) = key.encode(), encoded
    size_bytes = len(raw_key) + len(value) + _RECORD_OVERHEAD_BYTES
    for name, content in headers:
        size_bytes += len(name) + len(content) + _HEADER_OVERHEAD_BYTES
    return Output(topic, raw_key, value, headers, timestamp_ms, size_bytes)


class UnitOfWork:
    """The changes of a run of records, in order; full units are stored before another record is looked at."""

    __slots__ = ("_began_at", "_outputs_bytes", "outputs", "writes")

    def __init__(self) -> None:
        self.writes = Writes()
        self.outputs: list[Output] = []
        self._outputs_bytes = 0
        self._began_at = monotonic()

    @property
    def is_full(self) -> bool:
        """Whether it should be stored now."""
        return (
            self.writes.size_bytes > _FULL_WRITES_BYTES
            or self._outputs_bytes > _FULL_OUTPUTS_BYTES
            or monotonic() - self._began_at > _FULL_SECONDS
        )

    def has_room_for(self, change: Change) -> bool:
        """Whether the writes still fit one record batch with these."""
        return self.writes.size_bytes + change.writes.size_bytes <= WRITES_LIMIT_BYTES

    def take(self, change: Change) -> None:
        """Add the change of the next record."""
        self.writes.merge(change.writes)
        self.outputs += change.outputs
        for each in change.outputs:
            self._outputs_bytes += each.size_bytes
