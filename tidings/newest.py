"""The newest records of many: what has been found so far, in bounded memory."""

import heapq
from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

R = TypeVar("R")


class Newest(Generic[R]):
    """Keeps `limit` records, the newest by their time; of two of one instant, the one that came later."""

    def __init__(self, limit: int, at: Callable[[R], datetime]) -> None:
        self._limit = limit
        self._at = at
        self._kept: list[tuple[datetime, int, R]] = []
        self._taken = 0

    def add(self, record: R) -> None:
        """Take one record; the oldest one goes when there are too many."""
        self._taken += 1
        entry = (self._at(record), self._taken, record)
        if len(self._kept) < self._limit:
            heapq.heappush(self._kept, entry)
        else:
            heapq.heappushpop(self._kept, entry)

    @property
    def records(self) -> tuple[R, ...]:
        """What is kept, oldest first."""
        return tuple(record for _, _, record in sorted(self._kept, key=lambda entry: entry[:2]))

    @property
    def left_off(self) -> int:
        """How many were too old to be kept."""
        return self._taken - len(self._kept)
