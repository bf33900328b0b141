"""What a gateway shows of itself, and that nothing else of it listens."""

import asyncio
from datetime import UTC, datetime

from tests.integration.gateways.rig import Rig
from tests.integration.gateways.sink import Sink
from tests.listening import ask, listening
from tests.ports import free_port
from tests.unit.gateways.samples import message

COUNT = 20


async def test_a_gateway_is_ready_and_shows_what_it_did(rig: Rig) -> None:
    port = free_port()
    async with Sink(latency_seconds=0.001) as sink:
        gateway = await rig.start(sink.port, http_port=port)
        assert listening(gateway.pid) == {f"127.0.0.1:{port}"}
        now = datetime.now(UTC)
        messages = [message(f"m{number}", to=f"p{number}@example.org", commanded_at=now) for number in range(COUNT)]
        await rig.publish("delivery.commands.email.normal", *messages)
        await rig.publish_raw("delivery.commands.email.bulk", b"pantry|x", b"junk")
        wanted = (
            f'tidings_gateway_attempts_total{{channel="email"}} {COUNT}.0',
            f'tidings_gateway_answers_total{{answer="accepted",channel="email"}} {COUNT}.0',
            'tidings_gateway_statuses_total{channel="email",status="accepted"}',
            'tidings_dead_letters_total{stage="gateway email",topic="delivery.commands.email.bulk"} 1.0',
            'tidings_gateway_in_flight{channel="email"} 0.0',
            'tidings_gateway_backlog{channel="email",partition="0",topic=',
        )

        async def all_shown() -> bool:
            status, shown = await asyncio.to_thread(ask, port, "/metrics")
            return status == 200 and all(each in shown for each in wanted)

        await rig.until(all_shown)
        assert (await asyncio.to_thread(ask, port, "/readyz")) == (200, '{"ready": true, "reasons": {}}\n')
        assert listening(gateway.pid) == {f"127.0.0.1:{port}"}
