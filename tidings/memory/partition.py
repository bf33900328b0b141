"""One stage in one partition: its tables, and one record's work done whole or not at all."""

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from processors.effects import Delete, Effect, Fire, Forward, Function, Put, Record, Refuse, Table
from processors.timers import origin_of_timer
from schemas import codec
from schemas.faults import Fault, Refused
from schemas.origin import Origin
from schemas.state import Alarm
from schemas.topics import BY_NAME
from streams.limits import ENOUGH_BYTES, ENOUGH_FORWARDED_BYTES, TooLarge, fitting_output, require_fit
from streams.stage import Stage
from streams.unit_of_work import WRITES_LIMIT_BYTES
from streams.writes import Writes
from tidings.memory.rows import Rows
from tidings.memory.timer_rows import Calendar, TimerRows

T = TypeVar("T")
Shared = Mapping[str, dict[str, object]]
Undo = list[tuple[Rows, str, object]]
"""What was there before each write."""


class SetAside(Exception):
    """The record is a dead letter; what was done for it is undone. `stack` tells where a function failed."""

    def __init__(self, *faults: Fault, stack: str | None = None) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults
        self.stack = stack


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerSetAside:
    """A timer that is a dead letter: its key and content, whose it is, and why; `number` counts those of its tick."""

    number: int
    key: str
    alarm: Alarm
    origin: Origin
    why: SetAside


class StagePartition:
    """The state of one stage in one partition; it is what the stage's function sees as `Tables`."""

    def __init__(
        self, stage: Stage, shared: Shared, *, calendar: Calendar | None = None, through_codec: bool = False
    ) -> None:
        """With `through_codec` rows go through their bytes, and the limits of Kafka's records hold.

        The stage's other partitions have the same `calendar`.
        """
        self.stage = stage
        self.timers = TimerRows(calendar or Calendar())
        self._rows = {table.name: self.timers if table is stage.timers else Rows() for table in stage.tables}
        self._gets = {name: rows.rows.get for name, rows in self._rows.items()}
        self._shared = shared
        self._through_codec = through_codec
        self._written = Writes()
        self._forwarded_bytes = 0
        self._is_full = False
        self.timers_aside: list[TimerSetAside] = []
        """The timers that the last record would have fired, and that are dead letters instead."""
        self.asked_by: list[str] = []
        """The key of the timer that asked for each of the last forwards; empty, or not there, for what none did."""

    def get(self, table: Table[T], key: str) -> T | None:
        """The row, or None."""
        row: Any = self._gets[table.name](key)
        return row  # type: ignore[no-any-return]  # `_take` looked; a cast takes as long as the look-up

    def range(self, table: Table[T], low: str, high: str, limit: int) -> list[tuple[str, T]]:
        """Up to `limit` rows with `low <= key < high`, in order."""
        found: Any = self._rows[table.name].range(low, high, limit)
        return found  # type: ignore[no-any-return]  # as above

    def shared(self, topic: str, key: str) -> object | None:
        """The newest record of a compacted topic that the stage joins in full, or None."""
        return self._shared[topic].get(key)

    def had_enough(self) -> bool:
        """Whether what is left should be left to the next record; only what goes through its bytes has a size."""
        enough = self._written.size_bytes > ENOUGH_BYTES or self._forwarded_bytes > ENOUGH_FORWARDED_BYTES
        return self._is_full or enough

    def rows(self, table: str) -> Mapping[str, object]:
        """All rows of one table."""
        return self._rows[table].rows

    def open_timers(self) -> int:
        """How many timers stand."""
        return len(self.timers.rows)

    def work(self, function: Function, record: Record) -> list[Forward]:
        """Let the function deal with one record; what it wants forwarded.

        Raises SetAside, with every effect undone, when the function refuses the record or raises itself.
        """
        forwards: list[Forward] = []
        undo: Undo = []
        if self._through_codec:
            self._written = Writes()
            self._forwarded_bytes = 0
        self._is_full = False
        if self.timers_aside:
            self.timers_aside = []
        if self.asked_by:
            self.asked_by = []
        try:
            self._take(function(record, self), forwards, undo)
            if self._through_codec:
                require_fit(self._written.size_bytes)
        except Exception as error:
            self._undo(undo)
            self.timers_aside = []
            raise _set_aside(error) from error
        return forwards

    def _take(self, effects: Iterable[Effect], forwards: list[Forward], undo: Undo, *, may_fire: bool = True) -> None:
        through_codec = self._through_codec
        for effect in effects:  # some thirty an event, of which `isinstance` would ask twice as long
            if type(effect) is Put:
                table, key, row = effect.table, effect.key, effect.value
                if type(row) is not table.holds:
                    raise TypeError(f"table {table.name} holds {table.holds.__name__}, not {type(row).__name__}")
                rows = self._rows[table.name]
                undo.append((rows, key, rows.put(key, self._stored(key, row) if through_codec else row)))
            elif type(effect) is Forward:
                forwards.append(effect)
                if through_codec and effect.topic in BY_NAME:
                    self._forwarded_bytes += fitting_output(effect, 0).size_bytes
            elif type(effect) is Delete:
                self._delete(effect.table, effect.key, undo)
            elif type(effect) is Refuse:
                raise SetAside(*effect.faults)
            elif type(effect) is Fire:
                if not may_fire:
                    raise TypeError(f"the timer {effect.key!r} fires within another")
                self._fire(effect, forwards, undo)
            else:
                raise TypeError(f"a stage asked for {effect!r}, which is no effect")

    def _fire(self, fire: Fire, forwards: list[Forward], undo: Undo) -> None:
        """One timer with all that it wakes; whatever that raises sets aside this timer, and the tick goes on."""
        if self._is_full:
            return
        first_undo, first_forward, forwarded_bytes = len(undo), len(forwards), self._forwarded_bytes
        aside: list[TimerSetAside] = []
        before = self._written
        if self._through_codec:
            self._written = Writes()
        try:
            self._delete(fire.table, fire.key, undo)
            self._take(fire.effects, forwards, undo, may_fire=False)
            if self._through_codec:
                require_fit(self._written.size_bytes)
        except Exception as error:  # noqa: BLE001 - the dead letter keeps it with its stack
            self._undo(undo, first_undo)
            del forwards[first_forward:]
            self._written, self._forwarded_bytes = Writes(), forwarded_bytes
            aside = [self._aside(fire, error)]
            self._delete(fire.table, fire.key, undo)
        if self._through_codec:
            if before.size_bytes + self._written.size_bytes > WRITES_LIMIT_BYTES:
                self._undo(undo, first_undo)
                del forwards[first_forward:]
                self._written, self._is_full = before, True
                return
            before.merge(self._written)
            self._written = before
        if len(forwards) > first_forward:
            asked_by = self.asked_by
            asked_by += [""] * (first_forward - len(asked_by)) + [fire.key] * (len(forwards) - first_forward)
        self.timers_aside += aside

    def _aside(self, fire: Fire, error: Exception) -> TimerSetAside:
        alarm = cast("Alarm", self.get(fire.table, fire.key))
        return TimerSetAside(
            number=len(self.timers_aside) + 1,
            key=fire.key,
            alarm=alarm,
            origin=origin_of_timer(alarm, self, self.stage.tables),
            why=_set_aside(error),
        )

    def _undo(self, undo: Undo, first: int = 0) -> None:
        """Take back all writes from the one with this number on."""
        while len(undo) > first:
            rows, key, before = undo.pop()
            if before is None:
                rows.delete(key)
            else:
                rows.put(key, before)

    def _delete(self, table: Table[Any], key: str, undo: Undo) -> None:
        rows = self._rows[table.name]
        before = rows.delete(key)
        if before is not None:
            undo.append((rows, key, before))
        if self._through_codec:
            self._written.put(_stored_key(key), None)

    def _stored(self, key: str, row: object) -> object:
        encoded = codec.encode(row)
        self._written.put(_stored_key(key), encoded)
        return codec.decode(encoded)


def _stored_key(key: str) -> bytes:
    """A key as long as that of the engine, which begins with the table's code; only its size matters."""
    return b"." + key.encode()


def _set_aside(error: Exception) -> SetAside:
    if isinstance(error, SetAside):
        return error
    if isinstance(error, TooLarge):
        return SetAside(*error.faults)
    stack = "".join(traceback.format_exception(error))
    faults = (
        error.faults if isinstance(error, Refused) else (Fault(path="", reason=f"{type(error).__name__}: {error}"),)
    )
    return SetAside(*faults, stack=stack)
