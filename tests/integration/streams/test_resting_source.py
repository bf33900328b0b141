"""A source of which nearly everything is bad rests; nothing of it is lost, and all else goes on."""

import asyncio
import json
import re
import signal

import pytest

from schemas.topics import EVENTS
from streams.client import publisher
from streams.quarantine_alarm import LEAST_RECORDS
from tests.integration.streams.tower import Tower
from tests.listening import ask
from tests.ports import free_port

pytestmark = pytest.mark.slow

POISON = [f"bad{number}" for number in range(3 * LEAST_RECORDS + 20)]
GOOD = [f"good{number}" for number in range(20)]
TICKS = re.compile(r'tidings_records_total\{stage="chimes",topic="ticks"\} (\S+)')


def ticks_performed(port: int) -> float:
    found = TICKS.search(ask(port, "/metrics")[1])
    return float(found[1]) if found else 0.0


def reasons(port: int) -> dict[str, str]:
    found: dict[str, str] = json.loads(ask(port, "/readyz")[1])["reasons"]
    return found


async def test_it_rests_until_a_restart_and_what_was_set_aside_is_replayed(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    worker = await tower.start("w1", http_port=port, quarantine_pause_seconds=3600)
    await tower.ring(POISON, poison="raise")
    await tower.until(lambda: "source events of stage chimes" in reasons(port))
    worst = "most often because of: LookupError: no bell of that name"
    assert worst in reasons(port)["source events of stage chimes"]
    assert worst in tower.log_path("w1").read_text()
    assert 'tidings_source_paused{stage="chimes",topic="events"} 1.0' in ask(port, "/metrics")[1]

    await tower.ring(GOOD)
    ticked = ticks_performed(port)
    await tower.until(lambda: ticks_performed(port) > ticked + 50)
    assert await tower.answers(lambda found: True) == {}, "the good ones stay behind the bad ones, in their order"
    letters = await tower.dead_letters(LEAST_RECORDS)
    assert len(letters) == LEAST_RECORDS, "nothing more is set aside"

    worker.send_signal(signal.SIGTERM)
    await asyncio.to_thread(worker.wait)
    monkeypatch.setenv("CHIMES_ARE_MENDED", "1")
    await tower.start("w1")
    async with publisher(tower.installation.kafka, EVENTS) as to:
        for letter in letters:
            await to.send(EVENTS, letter.key, letter.value, tuple(letter.headers.items()))
    wanted = {f"{word} {each}" for each in (*POISON, *GOOD) for word in ("heard", "rang")}
    assert await tower.answers(lambda found: wanted <= found.keys()) == dict.fromkeys(wanted, 1)


async def test_it_gets_on_by_itself_when_the_bad_stretch_is_over(tower: Tower) -> None:
    worker = await tower.start("w1", quarantine_pause_seconds=0.5)
    await tower.ring(POISON, poison="refuse")
    await tower.ring(GOOD)
    wanted = {f"{word} {each}" for each in GOOD for word in ("heard", "rang")}
    assert await tower.answers(lambda found: wanted <= found.keys()) == dict.fromkeys(wanted, 1)
    assert {letter.event_id for letter in await tower.dead_letters(len(POISON))} == set(POISON)
    said = tower.log_path("w1").read_text()
    assert said.count("source events of stage chimes rests for 0.5 s") == 3
    assert said.count("is taken up again, as a probe") == 3
    assert worker.poll() is None
