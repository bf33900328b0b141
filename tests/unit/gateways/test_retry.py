"""The retry ladder."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateways import retry
from tests.unit.gateways.samples import NOON, message


@given(st.text(), st.integers(1, 100))
def test_a_pause_is_never_longer_than_its_step(message_id: str, attempt: int) -> None:
    step = retry.LADDER[attempt - 1] if attempt <= len(retry.LADDER) else retry.LONGEST_PAUSE
    assert timedelta(0) <= retry.pause(message_id.encode("utf-8", "replace").decode(), attempt) <= step


def test_a_pause_is_the_same_every_time() -> None:
    assert retry.pause("m1", 1) == retry.pause("m1", 1) != retry.pause("m2", 1)


def test_a_crowd_is_spread_over_the_whole_step() -> None:
    pauses = sorted(retry.pause(f"m{number}", 3) for number in range(1000))
    assert pauses[50] < timedelta(seconds=12)
    assert pauses[950] > timedelta(seconds=108)


def test_the_wish_of_the_provider_lengthens_a_pause() -> None:
    assert retry.next_try(message(), 1, NOON, timedelta(minutes=7)) == NOON + timedelta(minutes=7)


def test_the_wish_of_the_provider_never_shortens_a_pause() -> None:
    assert retry.next_try(message(), 4, NOON, timedelta(0)) == NOON + retry.pause("m1", 4)


def test_the_horizon_is_useful_until_and_four_hours_without_one() -> None:
    assert retry.horizon(message()) == NOON + timedelta(hours=4)
    assert retry.horizon(message(useful_until=NOON + timedelta(hours=1))) == NOON + timedelta(hours=1)
    assert retry.horizon(message(useful_until=NOON + timedelta(hours=9))) == NOON + timedelta(hours=9)
