"""One table of one stage in one partition: rows in memory, ordered only once somebody asks for a range."""

from tidings.memory.sorted_keys import SortedKeys

NO_KEY = "\U0010ffff"
"""The first key of a table that has none: greater than all keys that there are."""


class Rows:
    """A keyed table; it costs no more than its dict until the first range is asked for, or is made `in_order`."""

    __slots__ = ("_order", "first", "rows")

    def __init__(self, *, in_order: bool = False) -> None:
        self.rows: dict[str, object] = {}
        self._order = SortedKeys() if in_order else None
        self.first = NO_KEY
        """The smallest key of a table in order: timers are asked for it at every event."""

    def put(self, key: str, row: object) -> object | None:
        """Write a row and answer the one before."""
        before = self.rows.get(key)
        self.rows[key] = row
        if before is None and self._order is not None:
            self._order.add(key)
            self.first = min(self.first, key)
        return before

    def delete(self, key: str) -> object | None:
        """Remove a row and answer it; one that is not there stays away."""
        row = self.rows.pop(key, None)
        if row is not None and self._order is not None:
            self._order.remove(key)
            if key == self.first:
                self.first = self._order.first() or NO_KEY
        return row

    def range(self, low: str, high: str, limit: int) -> list[tuple[str, object]]:
        """Up to `limit` rows with `low <= key < high`, in order of their keys."""
        if not self.rows:
            return []
        if self._order is None:
            self._order = SortedKeys(self.rows)
        return [(key, self.rows[key]) for key in self._order.between(low, high, limit)]
