"""Ordered timers: rows of a table whose keys begin with the due time, so that a range scan finds what is due."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from processors.effects import Delete, Effect, Fire, Put, Table, Tables
from schemas.clock import sortable, to_millis
from schemas.origin import Origin, origin_of
from schemas.state import Alarm

FIRED_PER_TICK = 1_000
"""How many timers one tick fires in one partition at most; the rest follows with the next tick, in due order.

With eight partitions and a tick a second that is 8,000 a second. What a thousand timers do is worked off within a tenth
of a second or two, in which the event loop does not turn.
"""


def timer_key(due: datetime, row: str, since: datetime | None = None) -> str:
    """The key of a timer: its due time in milliseconds, zero-padded so that text order is time order.

    Of several that are due at once those with the earliest `since` come first.
    """
    waits = row if since is None else f"{sortable(to_millis(since))}\0{row}"
    return f"{sortable(to_millis(due))}\0{waits}"


def first_after(now: datetime) -> str:
    """The smallest key of what is due only later."""
    return sortable(to_millis(now) + 1)


def place_of(key: str) -> tuple[str, str]:
    """When a timer is due and since when it waits, as they stand in its key; what does not wait comes first."""
    due, _, rest = key.partition("\0")
    since = rest.partition("\0")[0]
    return due, since if since.isdecimal() else ""


def due_ms_of(key: str) -> int | None:
    """The due time in the key of a timer, in milliseconds; None for a row that is no timer."""
    digits = key.partition("\0")[0]
    return int(digits) if digits.isdecimal() else None


def is_due(due: datetime, now: datetime) -> bool:
    """Whether the hour has come, to the millisecond as in keys: a due time may have microseconds, a tick has none."""
    return due <= now or to_millis(due) <= to_millis(now)


def arm(timers: Table[Alarm], due: datetime, row: str, since: datetime | None = None) -> Put:
    """Let the row `row` be woken at `due`; of those of one instant, what waits longest first."""
    return Put(timers, timer_key(due, row, since), Alarm(row=row))


def disarm(timers: Table[Alarm], due: datetime, row: str, since: datetime | None = None) -> Delete:
    """Take back what `arm` did with the same arguments."""
    return Delete(timers, timer_key(due, row, since))


def fire_due(
    timers: Table[Alarm], tables: Tables, now: datetime, wake: Callable[[str], Iterator[Effect]]
) -> Iterator[Fire]:
    """Let every timer fire that is due at `now`, in due order; `wake` says what the row of one asks for.

    A tick that has done enough stops between two of them.
    """
    for key, alarm in tables.range(timers, "", first_after(now), FIRED_PER_TICK):
        if tables.had_enough():
            return
        yield Fire(timers, key, wake(alarm.row))


def origin_of_timer(alarm: Alarm, tables: Tables, kept: Iterable[Table[Any]]) -> Origin:
    """Whose timer it is, by the row that waits for it; what it wakes may stand before the row's own key."""
    rows = (alarm.row, alarm.row.partition("\0")[2])
    found = (origin_of(tables.get(table, row)) for table in kept for row in rows)
    return next((origin for origin in found if origin.event_id is not None), Origin())
