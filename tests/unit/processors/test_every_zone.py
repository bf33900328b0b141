"""The clock rules of contract section 5, in every zone and at every change of its clocks from 2025 to 2028."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest

from processors.local_time import from_wall_clock, hours_before, on_wall_clock
from processors.quiet_hours import end_of_rest
from processors.timing import DaysBefore, end_of_day
from schemas.rule_settings import RuleSettings
from tests.unit.processors.telling import Told

FIRST, LAST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
ZONES = sorted(available_timezones() - {"localtime", "Factory"})


def changes(name: str) -> Iterator[tuple[datetime, timedelta]]:
    """Each instant at which the clocks of a zone are set, and by how much."""
    zone, before = ZoneInfo(name), FIRST
    offset = _offset(before, zone)
    while before < LAST:
        after = before + DAY
        new_offset = _offset(after, zone)
        if new_offset != offset:
            low, high = before, after
            while high - low > SECOND:
                middle = low + ((high - low) / 2 // SECOND) * SECOND
                low, high = (low, middle) if _offset(middle, zone) != offset else (middle, high)
            yield high, new_offset - offset
        before, offset = after, new_offset


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


@cache
def all_changes() -> tuple[tuple[str, datetime, timedelta], ...]:
    """Of all zones; looked for when a test wants them, since every process of a test run loads this file."""
    return tuple((name, at, by) for name in ZONES for at, by in changes(name))


def shown(moment: datetime, name: str) -> datetime:
    """What the clocks show, and nothing else."""
    return on_wall_clock(moment, name).replace(tzinfo=None, fold=0)


def test_there_are_changes_to_look_at() -> None:
    known = {(name, at.isoformat(), by) for name, at, by in all_changes()}
    assert len(ZONES) > 400
    assert len(all_changes()) > 1000
    assert ("Europe/Stockholm", "2026-03-29T01:00:00+00:00", timedelta(hours=1)) in known
    assert ("America/New_York", "2028-11-05T06:00:00+00:00", timedelta(hours=-1)) in known
    assert ("Australia/Lord_Howe", "2026-04-04T15:00:00+00:00", timedelta(minutes=-30)) in known


def test_a_time_that_does_not_exist_moves_forward_by_the_gap() -> None:
    for name, at, by in all_changes():
        if by > timedelta():
            would_be = shown(at, name) - by
            for into in (timedelta(), by / 2, by - SECOND):
                assert from_wall_clock(would_be + into, name) == at + into, (name, at, into)
                assert shown(at + into, name) == would_be + into + by, (name, at, into)


def test_a_time_that_exists_twice_is_the_first() -> None:
    for name, at, by in all_changes():
        if by < timedelta():
            first = at + by
            for into in (timedelta(), -by / 2, -by - SECOND):
                local = shown(first + into, name)
                assert local == shown(at + into, name), (name, at, into)
                assert from_wall_clock(local, name) == first + into, (name, at, into)


def test_away_from_a_change_clocks_and_instants_say_the_same() -> None:
    for name, at, by in all_changes():
        for moment in (at - abs(by) - SECOND, at + abs(by), at - DAY, at + DAY):
            assert from_wall_clock(shown(moment, name), name) == moment, (name, at, moment)


def test_hours_before_are_elapsed_time_over_every_change() -> None:
    for name, at, _ in all_changes():
        for hours in (1, 24, 0.5):
            start = at + timedelta(hours=hours) / 2
            local = on_wall_clock(hours_before(start, hours), name)
            assert start - local == timedelta(hours=hours), (name, at, hours)


@pytest.mark.parametrize("clock", [time(0), time(0, 30), time(2, 30), time(3), time(13)], ids=str)
def test_the_day_before_is_counted_on_the_wall_clock_over_every_change(clock: time) -> None:
    timing = DaysBefore(setting="days_before", of="starts_at")
    own = RuleSettings(days_before=1, at=clock)
    for name, at, by in all_changes():
        for days in (0, 1):
            start = (shown(at, name) + timedelta(days=days)).replace(hour=20, minute=0, second=0, microsecond=0)
            data = {"starts_at": start.isoformat(), "timezone": name}
            [hour] = timing.hours(Told(time=at, data=data, timezone="UTC", contact_timezone="UTC"), own)
            wanted = datetime.combine(start.date() - DAY, clock)
            late = shown(hour.due, name) - wanted
            assert late in (timedelta(), by), (name, at, days)
            if late:
                assert shown(at, name) - by <= wanted < shown(at, name), (name, at, days)


def test_quiet_hours_are_from_the_instant_of_their_start_to_that_of_their_end_over_every_change() -> None:
    quiet = ((time(21), time(8)), (time(1), time(4)), (time(0), time(2, 30)), (time(2, 15), time(2, 45)))
    for name, at, _ in all_changes():
        for start, end in quiet:
            for minutes in (-90, -61, -45, -1, 0, 1, 45, 61, 90):
                moment = at + timedelta(minutes=minutes)
                nights = [night(shown(moment, name) - days * DAY, start, end, name) for days in (0, 1)]
                [until] = [ends for begins, ends in nights if begins <= moment < ends] or [None]
                assert end_of_rest(moment, start, end, name) == until, (name, at, start, moment)


def night(day: datetime, start: time, end: time, name: str) -> tuple[datetime, datetime]:
    """The quiet hours that start on a day, as instants by the rules above."""
    local = datetime.combine(day.date(), start)
    until = datetime.combine(day.date(), end)
    zone = ZoneInfo(name)
    begins, ends = (
        each.replace(tzinfo=zone).astimezone(UTC) for each in (local, until if local < until else until + DAY)
    )
    return begins, ends


def test_the_end_of_a_day_is_the_first_instant_of_the_next() -> None:
    for name, at, by in all_changes():
        for moment in (at - DAY, at - SECOND, at, at + timedelta(hours=1)):
            end = end_of_day(moment, name)
            assert shown(moment, name).date() < shown(end, name).date() or by < timedelta(), (name, at, moment)
            assert shown(end - SECOND, name).date() == shown(moment, name).date() or by < timedelta(), (
                name,
                at,
                moment,
            )
