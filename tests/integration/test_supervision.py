"""Children are started again when they end, and end when they are told to, whatever they do."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from tidings.supervision import Child, StartedInVain, supervise

READY = "print('ready', flush=True)"


class Heard:
    """What children said, and a way to wait for it."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self._more = asyncio.Event()

    def on_line(self, name: str, line: str) -> None:
        self.lines.append((name, line))
        self._more.set()

    async def until(self, holds: Callable[[list[tuple[str, str]]], bool]) -> None:
        async with asyncio.timeout(60):
            while not holds(self.lines):
                self._more.clear()
                await self._more.wait()


def python(name: str, code: str) -> Child:
    return Child(name=name, command=(sys.executable, "-c", code))


async def run(heard: Heard, stop: asyncio.Event, *children: Child) -> None:
    await supervise(children, environment=os.environ, on_line=heard.on_line, stop=stop)


async def test_a_child_that_crashes_is_started_again() -> None:
    heard, stop = Heard(), asyncio.Event()
    running = asyncio.create_task(run(heard, stop, python("worker", f"{READY}; raise SystemExit(70)")))
    await heard.until(lambda lines: lines.count(("worker", "ready")) == 2)
    stop.set()
    await running
    assert ("worker", "ended with exit status 70, starting again in 0.5 s") in heard.lines


async def test_a_child_that_was_killed_is_started_again() -> None:
    heard, stop = Heard(), asyncio.Event()
    code = f"import os; {READY}; os.kill(os.getpid(), 9)"
    running = asyncio.create_task(run(heard, stop, python("worker", code)))
    await heard.until(lambda lines: lines.count(("worker", "ready")) == 2)
    stop.set()
    await running
    assert ("worker", "ended with signal SIGKILL, starting again in 0.5 s") in heard.lines


async def test_a_child_that_was_started_wrongly_takes_the_others_with_it() -> None:
    heard, stop = Heard(), asyncio.Event()
    other = python("other", f"{READY}\nimport signal\nwhile True: signal.pause()")
    with pytest.raises(StartedInVain, match="wrong cannot run"):
        await run(heard, stop, other, python("wrong", "raise SystemExit(78)"))
    assert stop.is_set()


async def test_children_are_told_to_stop_with_sigterm() -> None:
    heard, stop = Heard(), asyncio.Event()
    code = f"""
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b'in order\\n'), sys.exit(0)))
{READY}
while True: signal.pause()
"""
    running = asyncio.create_task(run(heard, stop, python("worker", code)))
    await heard.until(lambda lines: ("worker", "ready") in lines)
    stop.set()
    await running
    assert ("worker", "in order") in heard.lines


async def test_a_line_without_end_does_not_stop_the_next_one() -> None:
    heard, stop = Heard(), asyncio.Event()
    code = f"print('x' * 3_000_000); {READY}; import signal; signal.pause()"
    running = asyncio.create_task(run(heard, stop, python("worker", code)))
    await heard.until(lambda lines: ("worker", "ready") in lines)
    stop.set()
    await running


async def test_a_leashed_child_ends_when_its_supervisor_was_killed() -> None:
    code = f"""
from tidings.supervision import end_with_supervisor
import signal
end_with_supervisor()
{READY}
signal.pause()
"""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    async with asyncio.timeout(60):
        assert await child.stdout.readline() == b"ready\n"
        child.stdin.close()
        assert await child.wait() == -signal.SIGTERM
