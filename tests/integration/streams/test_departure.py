"""How partitions change hands when a worker stops: at once when it stops for good, not at all when it comes back."""

import asyncio
import signal
import subprocess
import time
from typing import Any

import pytest

from streams.crash import ExitCode
from tests.integration.streams.tower import Tower

pytestmark = pytest.mark.slow

SESSION_SECONDS = 60.0
"""The longest there is: a start takes less on nearly any machine."""
HEARTBEAT_SECONDS = 1.0


async def _hand_over(tower: Tower, how: signal.Signals, **settings: Any) -> None:
    """Stop one of two workers, and see that all that comes in is answered by the other."""
    await tower.start("w1", session_seconds=SESSION_SECONDS)
    leaving = await tower.start("w2", session_seconds=SESSION_SECONDS, **settings)
    before = [f"before{number}" for number in range(60)]
    await tower.ring(before)
    wanted = {f"heard {each}" for each in before}
    assert wanted <= (await tower.answers(lambda found: wanted <= found.keys())).keys()
    after = [f"after{number}" for number in range(60)]
    leaving.send_signal(how)
    assert await _ended(leaving) == ExitCode.STOPPED
    await tower.ring(after)
    wanted = {f"heard {each}" for each in after}
    found = await tower.answers(lambda found: wanted <= found.keys())
    assert wanted <= found.keys()


async def _ended(process: subprocess.Popen[bytes]) -> int:
    return await asyncio.to_thread(process.wait)


@pytest.mark.parametrize(
    ("how", "settings"),
    [(signal.SIGTERM, {"on_stop": "leave"}), (signal.SIGUSR1, {})],
    ids=["told by its settings", "told by the signal"],
)
async def test_a_worker_that_stops_for_good_hands_over_at_once(
    tower: Tower, how: signal.Signals, settings: dict[str, str]
) -> None:
    await _hand_over(tower, how, **settings)
    assert "left group" in tower.log("w2"), "the others waited for the session to run out"


async def test_a_worker_that_comes_back_finds_its_partitions_and_disturbs_nobody(tower: Tower) -> None:
    await tower.start("w1", session_seconds=SESSION_SECONDS)
    coming_back = await tower.start("w2", session_seconds=SESSION_SECONDS)
    await tower.until(lambda: tower.log_path("w1").read_text().count("stage ready") == 2)  # alone, and then with w2
    stopped_at = time.monotonic()
    coming_back.send_signal(signal.SIGTERM)
    assert await _ended(coming_back) == ExitCode.STOPPED
    await tower.start("w2", session_seconds=SESSION_SECONDS)
    was_in_time = time.monotonic() - stopped_at < SESSION_SECONDS - HEARTBEAT_SECONDS
    ids = [f"e{number}" for number in range(60)]
    await tower.ring(ids)
    wanted = {f"{word} {each}" for each in ids for word in ("heard", "rang")}
    assert await tower.answers(lambda found: wanted <= found.keys()) == dict.fromkeys(wanted, 1)
    shares = tower.log_path("w1").read_text().count("stage ready")
    assert shares == 2 or not was_in_time, "partitions were given anew, though their owner came back in time"
