"""What a worker shows of itself, and that nothing else of it listens."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from streams.crash import ExitCode
from tests.integration.streams.tower import Tower
from tests.listening import ask, listening
from tests.ports import free_port
from tidings.config import Installation

pytestmark = pytest.mark.slow


async def test_a_worker_listens_nowhere_unless_it_is_told_a_port(tower: Tower) -> None:
    worker = await tower.start("w1")
    assert listening(worker.pid) == set()


async def test_a_worker_is_ready_shows_what_it_did_and_listens_on_loopback_alone(tower: Tower) -> None:
    port = free_port()
    async with shut_gate(tower.installation.kafka.bootstrap_servers) as (gate, opened):
        tower.installation = at_servers(tower.installation, gate)
        worker, ready = tower.launch("w1", http_port=port)
        await tower.until(lambda: listening(worker.pid) == {f"127.0.0.1:{port}"})
        status, answer = ask(port, "/readyz")
        assert (status, "stage chimes" in json.loads(answer)["reasons"]) == (503, True)
        opened.set()
        assert await asyncio.to_thread(os.read, ready, 100) == b"ready\n"
        os.close(ready)
        await tower.until(lambda: ask(port, "/readyz")[0] == 200)
        assert ask(port, "/healthz")[0] == 200
        await _shows_what_it_did(tower, port)
    assert listening(worker.pid) == {f"127.0.0.1:{port}"}
    worker.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(worker.wait) == ExitCode.STOPPED


async def _shows_what_it_did(tower: Tower, port: int) -> None:
    await tower.ring(f"e{number}" for number in range(100))
    await tower.publish_raw(b"junk")
    wanted = {
        'tidings_records_total{stage="chimes",topic="events"} 101.0',
        'tidings_dead_letters_total{stage="chimes",topic="events"} 1.0',
        'tidings_timers_fired_total{stage="chimes"} 100.0',
        'tidings_timers_held{stage="chimes"}',
        *(
            f'tidings_unit_seconds_count{{stage="chimes",step="{step}"}}'
            for step in ("decode", "function", "send", "append", "store")
        ),
    }
    await tower.until(lambda: all(each in ask(port, "/metrics")[1] for each in wanted))
    await tower.until(lambda: ask(port, "/metrics")[1].count('tidings_lag_records{partition="') == 16)


def at_servers(installation: Installation, bootstrap_servers: str) -> Installation:
    return replace(installation, kafka=replace(installation.kafka, bootstrap_servers=bootstrap_servers))


@asynccontextmanager
async def shut_gate(bootstrap_servers: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Servers that take connections and let nothing through until the event is set; then they are those given."""
    opened = asyncio.Event()
    host, _, port = bootstrap_servers.partition(":")

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await opened.wait()
        answers, questions = await asyncio.open_connection(host, int(port))
        await asyncio.gather(_pour(reader, questions), _pour(answers, writer))

    gate = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    async with gate:
        yield f"127.0.0.1:{gate.sockets[0].getsockname()[1]}", opened


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while said := await reader.read(1 << 16):
            writer.write(said)
            await writer.drain()
    writer.close()


async def test_a_port_that_is_taken_ends_the_worker_with_a_sentence(tower: Tower) -> None:
    port = free_port()
    await tower.start("w1", http_port=port)
    second, ready = tower.launch("w2", http_port=port)
    assert await asyncio.to_thread(second.wait) == ExitCode.UNAVAILABLE
    os.close(ready)
    assert f"health and metrics cannot be served at 127.0.0.1:{port}: Address already in use" in tower.log("w2")
