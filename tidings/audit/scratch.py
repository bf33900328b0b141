"""A stage's function on its own: one record after the other, over tables that are thrown away."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TypeVar

from processors.effects import Delete, Forward, Function, Put, Record, Table

T = TypeVar("T")


class Scratch:
    """Tables in memory (`processors.effects.Tables`) without ranges and full copies."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], object] = {}

    def get(self, table: Table[T], key: str) -> T | None:
        """The row, or None."""
        row = self._rows.get((table.name, key))
        return row if isinstance(row, table.holds) else None

    def range(self, table: Table[T], low: str, high: str, limit: int) -> list[tuple[str, T]]:
        """Not for functions that look through tables."""
        raise NotImplementedError(f"{table.name} has no order here: {low} to {high}, {limit} rows")

    def shared(self, topic: str, key: str) -> object | None:
        """No full copies."""
        return None

    def had_enough(self) -> bool:
        """Never."""
        return False

    def perform(self, function: Function, records: Iterable[Record]) -> Iterator[tuple[Forward, datetime]]:
        """What the function forwards, record by record, and each time."""
        for record in records:
            for effect in function(record, self):
                match effect:
                    case Put(table=table, key=key, value=value):
                        self._rows[table.name, key] = value
                    case Delete(table=table, key=key):
                        self._rows.pop((table.name, key), None)
                    case Forward():
                        yield effect, record.now
