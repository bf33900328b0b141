from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog

from gateways.forecast import LONGEST, NOTHING_WAITS, Forecast, Outlook
from gateways.watch import Watch
from tests.unit.gateways.samples import NOON
from tidings.metrics import GatewayMetrics, exposition

SECOND = timedelta(seconds=1)


class Sender:
    """A gateway that ends so many messages a second, each of use until an instant, while a wave waits."""

    def __init__(self, wave: int, per_second: int, useful_until: datetime | None) -> None:
        self.now = NOON
        self.waiting, self.per_second, self.useful_until = wave, per_second, useful_until
        self.forecast = Forecast(lambda: self.now)

    def works(self, seconds: int) -> list[Outlook | None]:
        """The outlook of each second."""
        found = []
        for _ in range(seconds):
            found.append(self.forecast.look(self.waiting))
            self.now += SECOND
            for _ in range(min(self.per_second, self.waiting)):
                self.forecast.ended(self.useful_until)
            self.waiting = max(0, self.waiting - self.per_second)
        return found


@pytest.mark.parametrize(
    ("wave", "per_second", "useful_for", "is_late"),
    [
        (6_000, 10, timedelta(minutes=9), True),
        (6_000, 10, timedelta(minutes=11), False),
        (6_000, 100, timedelta(minutes=9), False),
        (6_000, 10, None, False),
    ],
)
def test_a_wave_that_cannot_be_made_in_time_is_known_within_seconds(
    wave: int, per_second: int, useful_for: timedelta | None, is_late: bool
) -> None:
    sender = Sender(wave, per_second, None if useful_for is None else NOON + useful_for)
    *early, outlook = sender.works(11)
    assert early == [None] * 10
    assert outlook is not None
    assert outlook.per_second == per_second
    assert outlook.clears_in == timedelta(seconds=(wave - 10 * per_second) / per_second)
    assert (outlook.too_late_for is not None) is is_late


def test_idle_time_does_not_slow_the_rate_and_a_wave_begins_anew() -> None:
    sender = Sender(0, 50, NOON + timedelta(hours=1))
    assert sender.works(300)[-1] == NOTHING_WAITS
    sender.waiting = 5_000
    outlook = sender.works(11)[-1]
    assert outlook is not None
    assert outlook.per_second == 50


def test_a_sender_that_stands_still_never_clears() -> None:
    sender = Sender(20, 1, NOON + timedelta(hours=1))
    sender.works(11)
    sender.per_second = 0
    outlook = sender.works(62)[-1]
    assert outlook is not None
    assert (outlook.per_second, outlook.clears_in) == (0, LONGEST)
    assert outlook.too_late_for == NOON + timedelta(hours=1)


def test_a_few_that_end_sooner_do_not_make_the_wave_late() -> None:
    sender = Sender(1_000, 10, NOON + timedelta(hours=5))
    for _ in range(20):
        sender.forecast.ended(NOON)
    outlook = sender.works(61)[-1]
    assert outlook is not None
    assert outlook.too_late_for is None


def test_the_warning_is_said_once_and_so_is_its_end() -> None:
    unused: Any = None
    watch = Watch(
        desk=unused,
        consents=unused,
        consumer=unused,
        sources=tuple,
        metrics=GatewayMetrics("balloon"),
        health=unused,
        forecast=Forecast(lambda: NOON),
    )
    late = Outlook(per_second=10, clears_in=timedelta(minutes=10), too_late_for=NOON)
    with structlog.testing.capture_logs() as said:
        for outlook in (None, late, late, None, late):
            watch.warn(outlook, 6_000)
        shown = exposition().decode()
        watch.warn(NOTHING_WAITS, 0)
    assert 'tidings_gateway_too_slow{channel="balloon"} 1.0' in shown
    assert 'tidings_gateway_clear_seconds{channel="balloon"} 600.0' in shown
    assert 'tidings_gateway_too_slow{channel="balloon"} 0.0' in exposition().decode()
    assert [each["event"] for each in said] == [
        "the sender is too slow for what waits",
        "the sender is fast enough again",
    ]
    assert (said[0]["waiting"], said[0]["per_second"], said[0]["clear_seconds"]) == (6_000, 10, 600)
