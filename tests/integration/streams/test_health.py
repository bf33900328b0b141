"""What a worker shows of itself, and that nothing else of it listens."""

import asyncio
import json
import os
import signal

import pytest

from streams.crash import ExitCode
from tests.integration.streams.tower import Tower
from tests.listening import ask, listening
from tests.ports import free_port

pytestmark = pytest.mark.slow


async def test_a_worker_listens_nowhere_unless_it_is_told_a_port(tower: Tower) -> None:
    worker = await tower.start("w1")
    assert listening(worker.pid) == set()


async def test_a_worker_is_ready_shows_what_it_did_and_listens_on_loopback_alone(tower: Tower) -> None:
    port = free_port()
    worker, ready = tower.launch("w1", http_port=port)
    await tower.until(lambda: listening(worker.pid) == {f"127.0.0.1:{port}"})
    status, answer = ask(port, "/readyz")
    assert (status, "stage chimes" in json.loads(answer)["reasons"]) == (503, True)
    assert await asyncio.to_thread(os.read, ready, 100) == b"ready\n"
    os.close(ready)
    await tower.until(lambda: ask(port, "/readyz")[0] == 200)
    assert ask(port, "/healthz")[0] == 200

    ids = [f"e{number}" for number in range(100)]
    wanted = {f"{word} {each}" for each in ids for word in ("heard", "rang")}
    await tower.ring(ids)
    await tower.publish_raw(b"junk")
    await tower.answers(lambda found: wanted <= found.keys())
    await tower.until(lambda: 'tidings_records_total{stage="chimes",topic="events"} 101.0' in ask(port, "/metrics")[1])
    shown = ask(port, "/metrics")[1]
    assert 'tidings_dead_letters_total{stage="chimes",topic="events"} 1.0' in shown
    assert 'tidings_timers_fired_total{stage="chimes"} 100.0' in shown
    assert 'tidings_timers_held{stage="chimes"}' in shown
    for step in ("decode", "function", "send", "append", "store"):
        assert f'tidings_unit_seconds_count{{stage="chimes",step="{step}"}}' in shown
    await tower.until(lambda: ask(port, "/metrics")[1].count('tidings_lag_records{partition="') == 16)
    assert listening(worker.pid) == {f"127.0.0.1:{port}"}
    worker.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(worker.wait) == ExitCode.STOPPED


async def test_a_port_that_is_taken_ends_the_worker_with_a_sentence(tower: Tower) -> None:
    port = free_port()
    await tower.start("w1", http_port=port)
    second, ready = tower.launch("w2", http_port=port)
    assert await asyncio.to_thread(second.wait) == ExitCode.UNAVAILABLE
    os.close(ready)
    assert f"health and metrics cannot be served at 127.0.0.1:{port}: Address already in use" in tower.log("w2")
