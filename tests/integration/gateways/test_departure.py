"""A gateway that stops for good leaves its partitions to the others at once."""

import signal
from datetime import UTC, datetime

import pytest

from tests.integration.gateways.rig import Rig
from tests.integration.gateways.sink import Sink
from tests.unit.gateways.samples import message

SESSION_SECONDS = 60.0
"""The longest there is: so long would a gateway that did not leave be a member of its group."""
COUNT = 40


@pytest.mark.slow
async def test_a_gateway_that_stops_for_good_hands_over_at_once(rig: Rig) -> None:
    async with Sink(latency_seconds=0.001) as sink:
        await rig.start(sink.port, name="w1", session_seconds=SESSION_SECONDS)
        leaving = await rig.start(sink.port, name="w2", session_seconds=SESSION_SECONDS)
        assert await leaving.stop(signal.SIGUSR1) == 0
        assert await rig.members() == {"gateway-email-w1"}
        now = datetime.now(UTC)
        messages = [message(f"m{number}", to=f"p{number}@example.org", commanded_at=now) for number in range(COUNT)]
        await rig.publish("delivery.commands.email.normal", *messages)

        async def all_reported() -> bool:
            return len({status.message_id for status in await rig.statuses()}) == COUNT

        await rig.until(all_reported)
        assert sorted(sink.journal) == sorted(each.message_id for each in messages)
