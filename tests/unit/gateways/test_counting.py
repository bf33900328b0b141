"""What a gateway counts; each test has a channel of its own, because a process has one set of metrics."""

from gateways.answers import Unknown
from gateways.memory import MemoryLog
from gateways.metered import Metered
from gateways.reports import Reports
from schemas.delivery import DeliveryStatus
from schemas.words import Channel, Status
from tests.unit.gateways.samples import NOON, ScriptedProvider, message
from tidings.metrics import GatewayMetrics, exposition


def test_lags_of_partitions_that_went_elsewhere_are_shown_no_more() -> None:
    metrics = GatewayMetrics("telex")
    metrics.backlog({("lane", 0): 5, ("lane", 1): 0})
    metrics.backlog({("lane", 1): 2})
    shown = [line for line in exposition().decode().splitlines() if "gateway_backlog{" in line and "telex" in line]
    assert shown == ['tidings_gateway_backlog{channel="telex",partition="1",topic="lane"} 2.0']


async def test_attempts_and_answers_are_counted_and_passed_on() -> None:
    provider = ScriptedProvider()
    provider.answers["m2"] = [Unknown(detail="the connection broke")]
    metered = Metered(provider, GatewayMetrics("pigeon"), lambda: NOON)
    await metered.ready()
    answers = [await metered.send(message(f"m{number}"), 1) for number in (1, 2)]
    assert [type(answer).__name__ for answer in answers] == ["Accepted", "Unknown"]
    assert (metered.name, metered.capacity) == (provider.name, provider.capacity)
    shown = exposition().decode()
    assert 'tidings_gateway_attempts_total{channel="pigeon"} 2.0' in shown
    assert 'tidings_gateway_answers_total{answer="unknown",channel="pigeon"} 1.0' in shown
    assert 'tidings_gateway_attempt_seconds_count{channel="pigeon"} 2.0' in shown


async def test_doubtful_statuses_are_counted_as_they_are_reported() -> None:
    log = MemoryLog()
    await Reports(log, "delivery.statuses").send(3, [_status("m1"), _status("m2")])
    await Reports(log, "delivery.statuses").send(3, [])
    assert len(log.rows("delivery.statuses", 3)) == 2
    assert 'tidings_gateway_statuses_total{channel="letter",status="doubtful"} 2.0' in exposition().decode()


def _status(message_id: str) -> DeliveryStatus:
    return DeliveryStatus(
        message_id=message_id,
        tenant="pantry",
        kind="document",
        channel=Channel.LETTER,
        to="1 High Street",
        event_id="e1",
        category="service",
        status=Status.DOUBTFUL,
        attempt=1,
        at=NOON,
        commanded_at=NOON,
        settings_version=1,
    )
