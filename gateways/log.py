"""The log that a gateway writes to: appended in order, acked, and telling where the records came to stand."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record to append; without a value it deletes its key from a compacted topic."""

    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Log(Protocol):
    """Topics and partitions; `gateways.kafka` has the real one, `gateways.memory` the one for tests."""

    async def enqueue(self, topic: str, partition: int, rows: Sequence[Row]) -> Awaitable[int]:
        """Take the rows in order, as soon as there is room; awaiting the answer waits for all acks.

        The answer is the offset after the last row. A row that cannot be written raises, and nobody goes on after that.
        """


async def append(log: Log, topic: str, partition: int, rows: Sequence[Row]) -> int:
    """Append and wait for the acks; the offset after the last row."""
    acked = await log.enqueue(topic, partition, rows)
    return await acked
