from datetime import UTC, datetime, timedelta

import pytest

from streams.broker_facts import ahead_of

BEFORE = datetime(2026, 3, 1, 12, tzinfo=UTC)
AFTER = BEFORE + timedelta(seconds=9)


@pytest.mark.parametrize(
    ("stood_at", "ahead_seconds"),
    [
        pytest.param(BEFORE, 0, id="taken at once, and answered late"),
        pytest.param(AFTER, 0, id="taken late"),
        pytest.param(AFTER + timedelta(seconds=3), 3, id="ahead"),
        pytest.param(BEFORE - timedelta(seconds=2), -2, id="behind"),
    ],
)
def test_a_slow_answer_puts_no_clock_in_the_wrong(stood_at: datetime, ahead_seconds: int) -> None:
    assert ahead_of(stood_at, BEFORE, AFTER) == timedelta(seconds=ahead_seconds)
