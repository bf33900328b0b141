"""The timers of one stage: tables that are read from their beginning, and whose first key every event asks for."""

from bisect import bisect_left, insort
from heapq import heapify, heappop, heappush

from tidings.memory.rows import Rows

NO_KEY = "\U0010ffff"
"""The first key of a table that has none: greater than all keys that there are."""

_FEW_LEFT = 1024
"""So many keys of deleted timers may wait beside as many as there are timers."""


class Calendar:
    """The first timer of one stage in all its partitions: `known`, or to be looked for."""

    __slots__ = ("_tables", "known")

    def __init__(self) -> None:
        self._tables: list[TimerRows] = []
        self.known = NO_KEY
        """The smallest key; empty, which is less than all keys, while it is to be looked for."""

    def add(self, table: "TimerRows") -> None:
        """One more partition."""
        self._tables.append(table)

    def first(self) -> str:
        """The smallest key of all partitions, or NO_KEY."""
        if not self.known:
            self.known = min([table.first() for table in self._tables])
        return self.known


class TimerRows(Rows):
    """Timers in two lots: the keys up to where a range has looked lie in order, those that are due later in a heap.

    Most timers are put for later, many are removed before their time: neither costs more than the row. A removed key
    stays in the heap until its time, or until there are too many of them.
    """

    __slots__ = ("_calendar", "_far", "_horizon", "_near")

    def __init__(self, calendar: Calendar) -> None:
        super().__init__()
        self._calendar = calendar
        self._near: list[str] = []
        """The keys before the horizon, in order."""
        self._far: list[str] = []
        self._horizon = ""
        calendar.add(self)

    def first(self) -> str:
        """The smallest key, or NO_KEY."""
        if self._near:
            return self._near[0]
        far, rows = self._far, self.rows
        while far and far[0] not in rows:
            heappop(far)
        return far[0] if far else NO_KEY

    def put(self, key: str, row: object) -> object | None:
        """Write a row and answer the one before."""
        before = self.rows.get(key)
        self.rows[key] = row
        if before is None:
            if key < self._horizon:
                insort(self._near, key)
            else:
                heappush(self._far, key)
            self._calendar.known = min(self._calendar.known, key)
        return before

    def delete(self, key: str) -> object | None:
        """Remove a row and answer it; one that is not there stays away."""
        row = self.rows.pop(key, None)
        if row is not None:
            if key < self._horizon:
                del self._near[bisect_left(self._near, key)]
            elif len(self._far) > 2 * len(self.rows) + _FEW_LEFT:
                self._far = [key for key in self.rows if key >= self._horizon]
                heapify(self._far)
            if key == self._calendar.known:
                self._calendar.known = ""
        return row

    def range(self, low: str, high: str, limit: int) -> list[tuple[str, object]]:
        """Up to `limit` rows with `low <= key < high`, in order of their keys."""
        near, far, rows = self._near, self._far, self.rows
        if high > self._horizon:
            self._horizon = high
            while far and far[0] < high:
                key = heappop(far)
                if key in rows and not (near and near[-1] == key):  # removed and put again, it is there twice
                    near.append(key)
        begin = bisect_left(near, low) if low else 0
        end = min(bisect_left(near, high), begin + limit)
        return [(key, rows[key]) for key in near[begin:end]]
