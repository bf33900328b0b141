"""SIGKILL in the middle of hundreds of messages: none is missing, and what came twice is listed as doubtful."""

import asyncio
from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.integration.gateways.rig import PATIENCE_SECONDS, Rig, by_status
from tests.integration.gateways.sink import Sink
from tests.unit.gateways.samples import message

COUNT = 600
KILLS = 3


@pytest.mark.slow
async def test_a_killed_gateway_loses_nothing_and_lists_what_it_doubts(rig: Rig) -> None:
    async with Sink(latency_seconds=0.005) as sink:
        now = datetime.now(UTC)
        messages = [message(f"m{number}", to=f"p{number}@example.org", commanded_at=now) for number in range(COUNT)]
        await rig.publish("delivery.commands.email.normal", *messages)
        for round_number in range(1, KILLS + 1):
            gateway = await rig.start(sink.port)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(sink.journal) < COUNT * round_number // (KILLS + 1):  # noqa: ASYNC110 - another task's list
                    await asyncio.sleep(0.002)
            await gateway.kill()
        await rig.start(sink.port)

        async def all_over() -> bool:
            found = by_status(await rig.statuses())
            return len(found.get("accepted", set())) == COUNT

        await rig.until(all_over)
        times = Counter(sink.journal)
        doubtful = by_status(await rig.statuses()).get("doubtful", set())
        assert set(times) == {one.message_id for one in messages}
        assert {name for name, count in times.items() if count > 1} <= doubtful
        assert len(doubtful) <= KILLS * 64
        final = {entry.message_id: entry for entry in await rig.ledger()}
        assert {str(entry.state) for entry in final.values()} == {"accepted"}
