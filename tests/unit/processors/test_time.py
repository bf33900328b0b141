from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.local_time import from_wall_clock, hours_before, instant, on_wall_clock
from processors.quiet_hours import end_of_rest
from processors.timers import timer_key
from processors.wording import clock, date
from schemas.clock import from_millis

INSTANTS = st.integers(1_735_689_600_000, 1_830_297_600_000).map(from_millis)
"""Any millisecond from 2025 to 2028."""
NEW_YORK, STOCKHOLM = "America/New_York", "Europe/Stockholm"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("local", "timezone", "expected"),
    [
        ("2026-06-10T15:00:00", NEW_YORK, "2026-06-10T15:00:00-04:00"),
        ("2026-03-29T02:30:00", STOCKHOLM, "2026-03-29T03:30:00+02:00"),
        ("2026-10-25T02:30:00", STOCKHOLM, "2026-10-25T02:30:00+02:00"),
        ("2026-03-08T02:30:00", NEW_YORK, "2026-03-08T03:30:00-04:00"),
        ("2026-11-01T01:30:00", NEW_YORK, "2026-11-01T01:30:00-04:00"),
    ],
)
def test_a_gap_moves_forward_and_a_fold_is_the_first(local: str, timezone: str, expected: str) -> None:
    assert from_wall_clock(at(local), timezone) == at(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-10T15:00:00-04:00", "2026-06-10T19:00:00+00:00"),
        ("2026-06-10T15:00:00Z", "2026-06-10T15:00:00+00:00"),
        ("2026-06-10T15:00:00", "2026-06-10T19:00:00+00:00"),
        ("2026-06-10t15:00:00.123456789z", "2026-06-10T15:00:00.123456+00:00"),
    ],
)
def test_an_instant_has_its_own_offset_or_the_zone_it_is_given(text: str, expected: str) -> None:
    found = instant(text, NEW_YORK)
    assert found == at(expected)
    assert found.tzinfo is UTC


def test_a_day_ahead_is_twenty_four_hours_across_the_change_to_summer_time() -> None:
    starts_at = instant("2026-03-08T15:00:00", NEW_YORK)
    assert on_wall_clock(hours_before(starts_at, 24), NEW_YORK) == at("2026-03-07T14:00:00-05:00")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-06-01T20:59:59-04:00", False),
        ("2026-06-01T21:00:00-04:00", True),
        ("2026-06-02T07:59:59-04:00", True),
        ("2026-06-02T08:00:00-04:00", False),
    ],
)
def test_the_start_belongs_to_the_quiet_hours_and_the_end_does_not(moment: str, expected: bool) -> None:
    until = end_of_rest(at(moment), time(21), time(8), NEW_YORK)
    assert until == (at("2026-06-02T08:00:00-04:00") if expected else None)


@given(INSTANTS, st.sampled_from([NEW_YORK, STOCKHOLM, "Asia/Kolkata"]), st.times(), st.times())
def test_quiet_hours_always_end_within_a_day(moment: datetime, timezone: str, start: time, end: time) -> None:
    until = end_of_rest(moment, start, end, timezone)
    if until is not None:
        assert moment < until <= moment + timedelta(hours=25)
        assert end_of_rest(until, start, end, timezone) is None


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-11-01T01:15:00-04:00", "2026-11-01T01:30:00-04:00"),
        ("2026-11-01T01:15:00-05:00", None),
        ("2026-10-31T21:00:00-04:00", "2026-11-01T01:30:00-04:00"),
    ],
)
def test_quiet_hours_whose_end_exists_twice_end_at_the_first(moment: str, until: str | None) -> None:
    assert end_of_rest(at(moment), time(21), time(1, 30), NEW_YORK) == (at(until) if until else None)


@pytest.mark.parametrize(
    ("moment", "rests"),
    [("2026-03-08T03:15:00-04:00", False), ("2026-03-08T03:30:00-04:00", True), ("2026-03-09T02:30:00-04:00", True)],
)
def test_quiet_hours_whose_start_does_not_exist_start_later_by_the_gap(moment: str, rests: bool) -> None:
    assert (end_of_rest(at(moment), time(2, 30), time(8), NEW_YORK) is not None) is rests


def test_quiet_hours_from_an_hour_to_itself_are_none() -> None:
    assert end_of_rest(at("2026-06-01T21:00:00-04:00"), time(21), time(21), NEW_YORK) is None


@given(INSTANTS, INSTANTS)
def test_timer_keys_are_ordered_as_their_times(one: datetime, other: datetime) -> None:
    assert (timer_key(one, "a") < timer_key(other, "a")) == (one < other)


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("en-US", "Wednesday, June 10, 2026 3:00 PM"),
        ("en-GB", "Wednesday, 10 June 2026 15:00"),
        ("sv-SE", "onsdag 10 juni 2026 15:00"),
        ("tlh", "Wednesday, June 10, 2026 3:00 PM"),
    ],
)
def test_dates_read_as_the_recipient_writes_them(locale: str, expected: str) -> None:
    moment = "2026-06-10T19:00:00Z"
    assert f"{date(moment, NEW_YORK, locale)} {clock(moment, NEW_YORK, locale)}" == expected
