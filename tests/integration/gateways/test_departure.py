"""A gateway that stops for good leaves its partitions to the others at once."""

import signal
import time
from datetime import UTC, datetime

import pytest

from tests.integration.gateways.rig import Rig
from tests.integration.gateways.sink import Sink
from tests.unit.gateways.samples import message

SESSION_SECONDS = 10.0
COUNT = 40


@pytest.mark.slow
async def test_a_gateway_that_stops_for_good_hands_over_at_once(rig: Rig) -> None:
    async with Sink(latency_seconds=0.001) as sink:
        await rig.start(sink.port, name="w1")
        leaving = await rig.start(sink.port, name="w2")
        stopped_at = time.monotonic()
        assert await leaving.stop(signal.SIGUSR1) == 0
        now = datetime.now(UTC)
        messages = [message(f"m{number}", to=f"p{number}@example.org", commanded_at=now) for number in range(COUNT)]
        await rig.publish("delivery.commands.email.normal", *messages)

        async def all_reported() -> bool:
            return len({status.message_id for status in await rig.statuses()}) == COUNT

        await rig.until(all_reported)
        assert time.monotonic() - stopped_at < SESSION_SECONDS
        assert sorted(sink.journal) == sorted(each.message_id for each in messages)
