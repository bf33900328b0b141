"""Quiet hours: when a channel rests, by the clock of the recipient or of the tenant (contract sections 3 and 11)."""

from datetime import datetime, time

from processors.local_time import next_at, on_wall_clock


def rests(moment: datetime, start: time, end: time, timezone: str) -> bool:
    """Whether `moment` lies in the quiet hours; `start` belongs to them, `end` does not; they may pass midnight."""
    clock = on_wall_clock(moment, timezone).time()
    if start <= end:
        return start <= clock < end
    return clock >= start or clock < end


def end_of_rest(moment: datetime, end: time, timezone: str) -> datetime:
    """The instant at which the quiet hours that contain `moment` end; in UTC."""
    return next_at(moment, end, timezone)
