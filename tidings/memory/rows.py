"""One table of one stage in one partition: rows in memory, ordered only once somebody asks for a range."""

from tidings.memory.sorted_keys import SortedKeys


class Rows:
    """A keyed table; it costs no more than its dict until the first range or first key is asked for."""

    __slots__ = ("_first", "_order", "rows")

    def __init__(self) -> None:
        self.rows: dict[str, object] = {}
        self._order: SortedKeys | None = None
        self._first: str | None = None
        """The smallest key, as long as it is known: asked for at every event, and rarely another."""

    def put(self, key: str, row: object) -> object | None:
        """Write a row and answer the one before."""
        before = self.rows.get(key)
        self.rows[key] = row
        if before is None and self._order is not None:
            self._order.add(key)
            if self._first is not None and key < self._first:
                self._first = key
        return before

    def delete(self, key: str) -> object | None:
        """Remove a row and answer it; one that is not there stays away."""
        row = self.rows.pop(key, None)
        if row is not None and self._order is not None:
            self._order.remove(key)
            if key == self._first:
                self._first = None
        return row

    def range(self, low: str, high: str, limit: int) -> list[tuple[str, object]]:
        """Up to `limit` rows with `low <= key < high`, in order of their keys."""
        if not self.rows:
            return []
        return [(key, self.rows[key]) for key in self._ordered().between(low, high, limit)]

    def first_key(self) -> str | None:
        """The smallest key."""
        if self._first is None and self.rows:
            self._first = self._ordered().first()
        return self._first

    def _ordered(self) -> SortedKeys:
        if self._order is None:
            self._order = SortedKeys(self.rows)
        return self._order
