"""The worker of a rehearsal on Kafka as seen by whoever starts it: ready, alive, ended."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path

from tidings.config import FILE_VARIABLE, PREFIX, Installation, variable

READY_WITHIN_SECONDS = 90.0
_LAST_LINES = 15


class WorkerEnded(RuntimeError):
    """The worker ended, or never became ready; the message has its last lines."""


class WorkerProcess:
    """A running worker; its output goes to a file."""

    def __init__(self, process: asyncio.subprocess.Process, output: Path) -> None:
        self._process = process
        self._output = output

    def require_alive(self) -> None:
        """Raise WorkerEnded when it has ended."""
        if self._process.returncode is not None:
            raise self.ended(f"ended with {self._process.returncode}")

    def ended(self, how: str) -> WorkerEnded:
        """The error that says so, with the last lines of output."""
        lines = self._output.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        return WorkerEnded("\n  ".join([f"the worker {how}; its last lines:", *lines]))


@asynccontextmanager
async def running_worker(scenario: Path, installation: Installation) -> AsyncIterator[WorkerProcess]:
    """A worker that is ready; ended at the end."""
    reading, writing = os.pipe()
    output = installation.home / "worker.log"
    with output.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tidings.rehearsal.worker", str(scenario), str(writing)),
            stdin=asyncio.subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=_environment(installation),
            pass_fds=(writing,),
            start_new_session=True,
        )
    os.close(writing)
    worker = WorkerProcess(process, output)
    try:
        await _until_ready(worker, reading)
        yield worker
    finally:
        os.close(reading)
        await _end(process)


async def _until_ready(worker: WorkerProcess, descriptor: int) -> None:
    """It says `ready`, or closes the descriptor by ending."""
    os.set_blocking(descriptor, False)
    readable = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, readable.set)
    try:
        async with asyncio.timeout(READY_WITHIN_SECONDS):
            await readable.wait()
    except TimeoutError:
        raise worker.ended(f"was not ready within {READY_WITHIN_SECONDS:g} s") from None
    finally:
        loop.remove_reader(descriptor)
    if not os.read(descriptor, 16):
        raise worker.ended("ended before it was ready")


async def _end(process: asyncio.subprocess.Process) -> None:
    """At once: nothing it could still write is wanted."""
    if process.returncode is None:
        process.kill()
    await process.wait()


def _environment(installation: Installation) -> dict[str, str]:
    """This process's environment, with the installation in place of whatever it says of one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX) and name != FILE_VARIABLE}
    return {**kept, **dict(_variables(installation))}


def _variables(part: object, *path: str) -> Iterator[tuple[str, str]]:
    if not is_dataclass(part):
        if part is not None:
            yield variable(*path), str(part).lower() if isinstance(part, bool) else str(part)
        return
    members: Mapping[str, object] = {field.name: getattr(part, field.name) for field in fields(part)}
    for name, member in members.items():
        yield from _variables(member, *path, name)
