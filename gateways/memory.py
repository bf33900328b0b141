"""A log in memory that behaves as Kafka's does, down to a crash between any two appends."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field

from gateways.log import Row


class Crashed(RuntimeError):
    """The process ended here, as far as the log can tell."""


@dataclass(slots=True, kw_only=True)
class MemoryLog:
    """Appends are acked at once; `crash_before` and `crash_after` end the process around the append of that number."""

    crash_before: int | None = None
    crash_after: int | None = None
    appends: list[str] = field(default_factory=list)
    _rows: defaultdict[tuple[str, int], list[Row]] = field(default_factory=lambda: defaultdict(list))

    async def enqueue(self, topic: str, partition: int, rows: Sequence[Row]) -> Awaitable[int]:
        """Append; raises Crashed where it was told to, and for ever after."""
        number = len(self.appends)
        self.appends.append(topic)
        if self.crash_before is not None and number >= self.crash_before:
            raise Crashed(f"before append {number}, to {topic}")
        stored = self._rows[topic, partition]
        stored.extend(rows)
        acked: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if self.crash_after is not None and number >= self.crash_after:
            acked.set_exception(Crashed(f"after append {number}, to {topic}, before its ack"))
        else:
            acked.set_result(len(stored))
        return acked

    def rows(self, topic: str, partition: int = 0) -> tuple[Row, ...]:
        """All records of one partition."""
        return tuple(self._rows[topic, partition])

    def restarted(self) -> "MemoryLog":
        """The same records as a process finds them that starts after the crash."""
        return MemoryLog(_rows=self._rows)
