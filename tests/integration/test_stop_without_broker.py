"""Every long-running process ends when it is told to, also when its broker has gone, whatever it is at."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from schemas.topics import TICKS
from streams.client import read_to_end
from streams.crash import ExitCode
from tests.chaos.broker import Broker
from tests.integration.streams.tower import Tower

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PATIENCE_SECONDS = 120.0
"""Much longer than any limit of `tidings.stopping`; what hangs, hangs for good."""


@pytest_asyncio.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    """A broker that a test may kill."""
    broker = Broker(tmp_path / "kafka")
    await broker.start()
    try:
        yield broker
    finally:
        broker.close()


@pytest_asyncio.fixture
async def tower(broker: Broker, tmp_path: Path) -> AsyncIterator[Tower]:
    home = tmp_path / "tower"
    home.mkdir()
    tower = await Tower.build(broker.bootstrap_servers, "", home)
    try:
        yield tower
    finally:
        tower.close()


async def told_to_stop(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> int:
    """How it ends."""
    process.send_signal(how)
    return await asyncio.to_thread(process.wait, PATIENCE_SECONDS)


PHASES = {
    "before it subscribes": "Waiting for tables",
    "while it joins": "(Re-)joining group",
    "while it opens its state": "opening partition",
}


@pytest.mark.parametrize("phase", PHASES)
async def test_a_worker_ends_that_has_lost_its_broker(broker: Broker, tower: Tower, phase: str) -> None:
    await tower.ring(f"e{number}" for number in range(500))
    worker, ready = tower.launch("w1")
    os.close(ready)
    await tower.until(lambda: PHASES[phase] in tower.log_path("w1").read_text())
    broker.kill()
    assert await told_to_stop(worker) in (ExitCode.STOPPED, ExitCode.CRASHED), tower.log("w1")


async def test_a_unit_that_cannot_be_stored_is_performed_again(broker: Broker, tower: Tower) -> None:
    ids = [f"e{number}" for number in range(5000)]
    worker = await tower.start("w1")
    await tower.ring(ids)
    broker.kill()
    assert await told_to_stop(worker) in (ExitCode.STOPPED, ExitCode.CRASHED), tower.log("w1")
    await broker.start()
    await tower.start("w1")
    wanted = {f"{word} {each}" for each in ids for word in ("heard", "rang")}
    found = await tower.answers(lambda found: wanted <= found.keys())
    assert wanted == found.keys()


COMMANDS = {
    "gateway": (("gateway", "email"), "gateway ready"),
    "sandbox": (("gateway", "sandbox", "--channel", "sms"), "gateway ready"),
    "tail": (("tail", "events", "--from-beginning"), "bell.rung"),
}
"""How it is started, and what it says when it is at work."""


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_process_ends_that_has_lost_its_broker(broker: Broker, tower: Tower, name: str) -> None:
    await tower.ring(["e1"])
    command, says = COMMANDS[name]
    process, log = begun(tower, *command)
    await tower.until(lambda: says in log.read_text())
    broker.kill()
    assert await told_to_stop(process) in (ExitCode.STOPPED, ExitCode.CRASHED, -signal.SIGTERM), log.read_text()


async def test_a_ticker_ends_that_has_lost_its_broker(broker: Broker, tower: Tower) -> None:
    process, log = begun(tower, "ticker")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not [tick async for tick in read_to_end(tower.installation.kafka, TICKS)]:
            assert process.poll() is None, log.read_text()
    broker.kill()
    assert await told_to_stop(process) in (ExitCode.STOPPED, ExitCode.CRASHED), log.read_text()


def begun(tower: Tower, *command: str) -> tuple[subprocess.Popen[bytes], Path]:
    """A process of Tidings, and the file that holds what it says."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
    here = tower.installation
    own = {"TIDINGS_HOME": str(here.home), "TIDINGS_KAFKA__BOOTSTRAP_SERVERS": here.kafka.bootstrap_servers}
    path = here.home / f"{command[0]}.log"
    with path.open("wb") as log:
        unbuffered = {"PYTHONUNBUFFERED": "1"}
        arguments = (sys.executable, "-m", "tidings", *command)
        process = subprocess.Popen(arguments, env=plain | own | unbuffered, stdout=log, stderr=log)
    tower.workers.append(process)
    return process, path
