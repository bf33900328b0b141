"""Months of bills: calendar months, and months that turn on an anchor's day (contract section 9, Billing)."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from processors.local_time import from_wall_clock, on_wall_clock

_MONTHS = 12


def next_month(period: str) -> str:
    """The calendar month after `YYYY-MM`."""
    year, month = _year_and_month(period)
    return f"{year + month // _MONTHS:04d}-{month % _MONTHS + 1:02d}"


@lru_cache(maxsize=1024)
def start_of(period: str, timezone: str) -> datetime:
    """The first instant of a calendar month on the clocks of a zone."""
    year, month = _year_and_month(period)
    return _midnight(date(year, month, 1), timezone)


def turn_day(anchor: date, months: int) -> date:
    """The day on which the month turns so many months after the anchor: the last one of a month that is too short."""
    index = anchor.year * _MONTHS + anchor.month - 1 + months
    year, month = index // _MONTHS, index % _MONTHS + 1
    return date(year, month, min(anchor.day, monthrange(year, month)[1]))


def following_turn(anchor: date, timezone: str, moment: datetime) -> datetime:
    """The first turn after `moment`, and never one before the anchor."""
    today = on_wall_clock(moment, timezone).date()
    months = max(0, (today.year - anchor.year) * _MONTHS + today.month - anchor.month - 1)
    while (turn := _midnight(turn_day(anchor, months), timezone)) <= moment:
        months += 1
    return turn


def first_turn(anchor: date, timezone: str, since: datetime) -> datetime:
    """When the first month begins that is agreed at `since`: on the anchor's day, also in its course; else at a turn.

    Who joins with an anchor in the past joins the month under way, and pays ahead from the next turn on.
    """
    if on_wall_clock(since, timezone).date() == anchor:
        return _midnight(anchor, timezone)
    return following_turn(anchor, timezone, since - timedelta(milliseconds=1))


def _midnight(day: date, timezone: str) -> datetime:
    return from_wall_clock(datetime.combine(day, time()), timezone)


def _year_and_month(period: str) -> tuple[int, int]:
    year, _, month = period.partition("-")
    return int(year), int(month)
