"""One stage in one partition: its tables, and one record's work done whole or not at all."""

import traceback
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from processors.effects import Delete, Forward, Function, Put, Record, Refuse, Table
from schemas.faults import Fault, Refused
from streams.stage import Stage
from tidings.memory.rows import Rows

T = TypeVar("T")
Shared = Mapping[str, dict[str, object]]


class SetAside(Exception):
    """The record is a dead letter; what was done for it is undone. `stack` tells where a function failed."""

    def __init__(self, *faults: Fault, stack: str | None = None) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults
        self.stack = stack


class StagePartition:
    """The state of one stage in one partition; it is what the stage's function sees as `Tables`."""

    def __init__(
        self, stage: Stage, place: int, shared: Shared, through_codec: Callable[[Any], Any] | None = None
    ) -> None:
        self.stage = stage
        self.place = place
        self._rows = {table.name: Rows() for table in stage.tables}
        self._timers = self._rows[stage.timers.name] if stage.timers is not None else Rows()
        self._shared = shared
        self._through_codec = through_codec

    def get(self, table: Table[T], key: str) -> T | None:
        """The row, or None."""
        return cast("T | None", self._rows[table.name].rows.get(key))

    def range(self, table: Table[T], low: str, high: str, limit: int) -> list[tuple[str, T]]:
        """Up to `limit` rows with `low <= key < high`, in order."""
        return cast("list[tuple[str, T]]", self._rows[table.name].range(low, high, limit))

    def shared(self, topic: str, key: str) -> object | None:
        """The newest record of a compacted topic that the stage joins in full, or None."""
        return self._shared[topic].get(key)

    def rows(self, table: str) -> Mapping[str, object]:
        """All rows of one table."""
        return self._rows[table].rows

    def first_timer(self) -> str | None:
        """The key of the timer that is due first."""
        return self._timers.first_key()

    def work(self, function: Function, record: Record) -> list[Forward]:
        """Let the function deal with one record; what it wants forwarded.

        Raises SetAside, with every effect undone, when the function refuses the record or raises itself.
        """
        forwards: list[Forward] = []
        undo: list[tuple[Rows, str, object]] = []
        try:
            for effect in function(record, self):
                kind = type(effect)
                if kind is Forward:
                    forwards.append(cast("Forward", effect))
                elif kind is Refuse:
                    raise SetAside(*cast("Refuse", effect).faults)
                else:
                    self._write(cast("Put | Delete", effect), undo)
        except Exception as error:
            for rows, key, before in reversed(undo):
                if before is None:
                    rows.delete(key)
                else:
                    rows.put(key, before)
            raise _set_aside(error) from error
        return forwards

    def _write(self, effect: Put | Delete, undo: list[tuple[Rows, str, object]]) -> None:
        rows = self._rows[effect.table.name]
        key = effect.key
        undo.append((rows, key, rows.rows.get(key)))
        if isinstance(effect, Delete):
            rows.delete(key)
        elif self._through_codec is None:
            rows.put(key, effect.value)
        else:
            rows.put(key, self._through_codec(effect.value))


def _set_aside(error: Exception) -> SetAside:
    if isinstance(error, SetAside):
        return error
    if isinstance(error, Refused):
        return SetAside(*error.faults)
    stack = "".join(traceback.format_exception(error))
    return SetAside(Fault(path="", reason=f"{type(error).__name__}: {error}"), stack=stack)
