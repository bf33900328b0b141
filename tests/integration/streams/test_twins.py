"""Two workers with one name."""

import asyncio
import os

import pytest

from streams.crash import ExitCode
from tests.integration.streams.tower import Tower

pytestmark = pytest.mark.slow


async def test_a_second_worker_of_the_same_name_ends_at_once_and_the_first_goes_on(tower: Tower) -> None:
    first = await tower.start("w1")
    twin, ready = tower.launch("w1")
    assert await asyncio.to_thread(twin.wait) == ExitCode.MISCONFIGURED
    assert os.read(ready, 10) == b""
    os.close(ready)
    said = f"worker w1 of stage chimes runs already (process {first.pid}) and works in {tower.installation.home}"
    assert said in tower.log("w1")
    await tower.ring(["e1"])
    answers = await tower.answers(lambda found: {"heard e1", "rang e1"} <= found.keys())
    assert answers == {"heard e1": 1, "rang e1": 1}
    assert first.poll() is None
