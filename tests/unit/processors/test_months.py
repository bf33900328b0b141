"""Months of bills turn at midnight on the tenant's clock, on the anchor's day or the last one of a shorter month."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.months import first_turn, following_turn, next_month, start_of, turn_day

ZONES = st.sampled_from(["America/Toronto", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Auckland", "America/Havana"])
DAYS = st.dates(date(2025, 1, 1), date(2028, 12, 31))
MOMENTS = st.datetimes(datetime(2024, 6, 1), datetime(2029, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds are naive


@pytest.mark.parametrize(
    ("anchor", "months", "day"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2026, 1, 30), 1, date(2026, 2, 28)),
        (date(2026, 1, 29), 1, date(2026, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2027, 12, 29), 2, date(2028, 2, 29)),
        (date(2026, 4, 1), 9, date(2027, 1, 1)),
        (date(2026, 12, 15), 0, date(2026, 12, 15)),
    ],
)
def test_a_month_turns_on_the_anchors_day_or_the_last_one(anchor: date, months: int, day: date) -> None:
    assert turn_day(anchor, months) == day


@given(anchor=DAYS, zone=ZONES, moment=MOMENTS)
def test_the_following_turn_is_the_next_one_and_none_is_left_out(anchor: date, zone: str, moment: datetime) -> None:
    turn = following_turn(anchor, zone, moment)
    local = turn.astimezone(ZoneInfo(zone))
    assert turn > moment
    assert local.date() >= anchor
    assert local.day <= anchor.day
    assert turn - max(moment, following_turn(anchor, zone, datetime(2020, 1, 1, tzinfo=UTC))) <= timedelta(
        days=31, hours=1
    )
    after = following_turn(anchor, zone, turn)
    months = (
        (after.astimezone(ZoneInfo(zone)).year - local.year) * 12 + after.astimezone(ZoneInfo(zone)).month - local.month
    )
    assert months == 1


@given(zone=ZONES, moment=MOMENTS)
def test_calendar_months_follow_each_other_without_a_gap(zone: str, moment: datetime) -> None:
    period = f"{moment.astimezone(ZoneInfo(zone)):%Y-%m}"
    assert start_of(period, zone) <= moment < start_of(next_month(period), zone)


@pytest.mark.parametrize(
    ("since", "first"),
    [
        ("2026-03-31T16:00:00Z", "2026-04-01T04:00:00Z"),
        ("2026-04-01T04:00:00Z", "2026-04-01T04:00:00Z"),
        ("2026-04-01T15:00:00Z", "2026-04-01T04:00:00Z"),
        ("2026-04-20T15:00:00Z", "2026-05-01T04:00:00Z"),
        ("2026-05-01T04:00:00Z", "2026-05-01T04:00:00Z"),
        ("2026-05-01T15:00:00Z", "2026-06-01T04:00:00Z"),
    ],
)
def test_the_first_month_begins_on_the_anchors_day_or_at_the_next_turn(since: str, first: str) -> None:
    begins = first_turn(date(2026, 4, 1), "America/Toronto", datetime.fromisoformat(since))
    assert begins == datetime.fromisoformat(first)
