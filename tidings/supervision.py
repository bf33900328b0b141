"""Supervision: child processes that are started again when they end, and end when they are told to.

A worker is crash-only (`streams.crash`): it ends with 70 rather than mend itself. Whatever a child ends with, it is
started again after a growing pause, except where starting it again is in vain.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tidings.stopping import GATEWAY_STOP_SECONDS

MISCONFIGURED = frozenset({2, 78})
"""Exit statuses of a child that says it was started wrongly: usage, and EX_CONFIG of sysexits.h."""
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""A child that ran for so long begins again with the first pause."""
STOP_LIMIT_SECONDS = GATEWAY_STOP_SECONDS + 5.0
"""After that a child is killed; all of them end by themselves before (`tidings.stopping`)."""
_LINE_LIMIT_BYTES = 1_048_576

OnLine = Callable[[str, str], None]
"""Is given a child's name and one line of its output, or of what the supervisor says about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One process to keep running; its standard input stays open for as long as the supervisor lives."""

    name: str
    command: tuple[str, ...]


class StartedInVain(Exception):
    """A child says that it was started wrongly."""

    def __init__(self, child: str, status: int) -> None:
        super().__init__(f"{child} cannot run; its last lines say why (exit status {status})")
        self.child = child


def tidings_child(name: str, *arguments: str) -> Child:
    """A child that runs a command of Tidings and ends with its supervisor, even when that is killed."""
    return Child(name=name, command=(sys.executable, "-m", "tidings", *arguments, "--leashed"))


async def supervise(
    children: Iterable[Child], *, environment: Mapping[str, str], on_line: OnLine, stop: asyncio.Event
) -> None:
    """Keep all children running until `stop`; raises StartedInVain when one cannot run, after the others have ended."""
    keeping = [asyncio.ensure_future(_keep(child, environment, on_line, stop)) for child in children]
    for task in keeping:
        # Whichever child gives up first takes the others with it, in order.
        task.add_done_callback(lambda _: stop.set())
    for failure in await asyncio.gather(*keeping, return_exceptions=True):
        if failure is not None:
            raise failure


async def _keep(child: Child, environment: Mapping[str, str], on_line: OnLine, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    pause_seconds = FIRST_PAUSE_SECONDS
    while not stop.is_set():
        started = loop.time()
        status = await _run_once(child, environment, on_line, stop)
        if stop.is_set():
            return
        if status in MISCONFIGURED:
            stop.set()
            raise StartedInVain(child.name, status)
        if loop.time() - started >= STEADY_SECONDS:
            pause_seconds = FIRST_PAUSE_SECONDS
        on_line(child.name, f"ended with {_ending(status)}, starting again in {pause_seconds:g} s")
        await _wait(stop, pause_seconds)
        pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)


async def _run_once(child: Child, environment: Mapping[str, str], on_line: OnLine, stop: asyncio.Event) -> int:
    """One life of the child. Its own session, so that Ctrl-C reaches the supervisor alone, which ends all in order."""
    process = await asyncio.create_subprocess_exec(
        *child.command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(environment),
        start_new_session=True,
        limit=_LINE_LIMIT_BYTES,
    )
    reading = asyncio.ensure_future(_read(process, child.name, on_line))
    ended = asyncio.ensure_future(process.wait())
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        await _end(process, child.name, on_line)
        await reading
    return await ended


async def _end(process: asyncio.subprocess.Process, name: str, on_line: OnLine) -> None:
    for number, limit_seconds in ((signal.SIGTERM, STOP_LIMIT_SECONDS), (signal.SIGKILL, STOP_LIMIT_SECONDS)):
        if process.returncode is not None:
            return
        if number is signal.SIGKILL:
            on_line(name, f"did not end within {STOP_LIMIT_SECONDS:g} s and is killed")
        process.send_signal(number)
        try:
            async with asyncio.timeout(limit_seconds):
                await process.wait()
        except TimeoutError:
            continue


async def _read(process: asyncio.subprocess.Process, name: str, on_line: OnLine) -> None:
    output = process.stdout
    if output is None:
        return
    while True:
        try:
            line = await output.readline()
        except ValueError:  # longer than the limit: the rest of it comes as the next line
            continue
        if not line:
            return
        on_line(name, line.decode("utf-8", "replace").rstrip())


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


def _ending(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def end_with_supervisor() -> None:
    """In a child: be told to stop when standard input ends, which it does when the supervisor is gone."""

    def wait() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="leash", daemon=True).start()
