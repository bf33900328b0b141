"""Quiet hours: when a channel rests, by the clock of the recipient or of the tenant (contract sections 3 and 11)."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from processors.local_time import from_wall_clock, on_wall_clock


def end_of_rest(moment: datetime, start: time, end: time, timezone: str) -> datetime | None:
    """When the quiet hours end that `moment` lies in, in UTC; None while nothing rests.

    `start` belongs to them, `end` does not; they may pass midnight. Start and end are instants: one that does not exist
    moves forward, one that exists twice is the first. So nobody waits a day because the clock shows 1:15 once more.
    """
    if start == end:
        return None
    today = on_wall_clock(moment, timezone).date()
    for day in (today, today - timedelta(days=1)):
        begins, ends = _rest_of(day, start, end, timezone)
        if begins <= moment < ends:
            return ends
    return None


@lru_cache(maxsize=1024)
def _rest_of(day: date, start: time, end: time, timezone: str) -> tuple[datetime, datetime]:
    """When the rest of a day begins and ends; all messages of the day ask for it."""
    last = day if start < end else day + timedelta(days=1)
    begins = from_wall_clock(datetime.combine(day, start), timezone)
    return begins, from_wall_clock(datetime.combine(last, end), timezone)
