"""One table of one stage in one partition: rows in memory, ordered only once somebody asks for a range."""

from tidings.memory.sorted_keys import SortedKeys


class Rows:
    """A keyed table; it costs no more than its dict until the first range is asked for."""

    __slots__ = ("_order", "rows")

    def __init__(self) -> None:
        self.rows: dict[str, object] = {}
        self._order: SortedKeys | None = None

    def put(self, key: str, row: object) -> object | None:
        """Write a row and answer the one before."""
        before = self.rows.get(key)
        self.rows[key] = row
        if before is None and self._order is not None:
            self._order.add(key)
        return before

    def delete(self, key: str) -> object | None:
        """Remove a row and answer it; one that is not there stays away."""
        row = self.rows.pop(key, None)
        if row is not None and self._order is not None:
            self._order.remove(key)
        return row

    def range(self, low: str, high: str, limit: int) -> list[tuple[str, object]]:
        """Up to `limit` rows with `low <= key < high`, in order of their keys."""
        rows = self.rows
        if not rows:
            return []
        if self._order is None:
            self._order = SortedKeys(rows)
        return [(key, rows[key]) for key in self._order.between(low, high, limit)]
