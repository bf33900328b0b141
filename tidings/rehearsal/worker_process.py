"""The workers of a rehearsal on Kafka as seen by whoever starts them: ready, alive, ended."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path

from tidings.config import FILE_VARIABLE, PREFIX, Installation, variable

READY_WITHIN_SECONDS = 90.0
_LAST_LINES = 15


class WorkerEnded(RuntimeError):
    """A worker ended, or never became ready; the message has its last lines."""


class WorkerProcess:
    """A worker that performs one stage; its output goes to a file."""

    def __init__(self, stage: str, process: asyncio.subprocess.Process, output: Path) -> None:
        self._stage = stage
        self._process = process
        self._output = output

    def require_alive(self) -> None:
        """Raise WorkerEnded when it has ended."""
        if self._process.returncode is not None:
            raise self.ended(f"ended with {self._process.returncode}")

    def ended(self, how: str) -> WorkerEnded:
        """The error that says so, with the last lines of output."""
        lines = self._output.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        return WorkerEnded("\n  ".join([f"the worker {self._stage} {how}; its last lines:", *lines]))

    async def end(self) -> None:
        """At once: nothing it could still write is wanted."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def running_workers(
    scenario: Path, stages: Iterable[str], installation: Installation
) -> AsyncIterator[Callable[[], None]]:
    """A worker for each of these stages, all ready; calling what is yielded raises WorkerEnded when one has ended."""
    workers: list[WorkerProcess] = []
    readings: list[int] = []
    try:
        for stage in stages:
            worker, reading = await _started(scenario, stage, installation)
            workers.append(worker)
            readings.append(reading)
        await asyncio.gather(*map(_until_ready, workers, readings))
        yield partial(_require_alive, workers)
    finally:
        for reading in readings:
            os.close(reading)
        await asyncio.gather(*(worker.end() for worker in workers))


def _require_alive(workers: Iterable[WorkerProcess]) -> None:
    for worker in workers:
        worker.require_alive()


async def _started(scenario: Path, stage: str, installation: Installation) -> tuple[WorkerProcess, int]:
    """The worker, and the descriptor on which it will say that it is ready."""
    reading, writing = os.pipe()
    output = installation.home / f"{stage}.log"
    with output.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tidings.rehearsal.worker", str(scenario), stage, str(writing)),
            stdin=asyncio.subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=environment_of(installation),
            pass_fds=(writing,),
            start_new_session=True,
        )
    os.close(writing)
    return WorkerProcess(stage, process, output), reading


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


def environment_of(installation: Installation) -> dict[str, str]:
    """This process's environment, with the installation in place of whatever it says of one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX) and name != FILE_VARIABLE}
    return {**kept, **dict(_variables(installation))}


def _variables(part: object, *path: str) -> Iterator[tuple[str, str]]:
    if not is_dataclass(part):
        if isinstance(part, tuple):
            yield variable(*path), ",".join(map(str, part)) or "none"
        elif part is not None:
            yield variable(*path), str(part).lower() if isinstance(part, bool) else str(part)
        return
    members: Mapping[str, object] = {field.name: getattr(part, field.name) for field in fields(part)}
    for name, member in members.items():
        yield from _variables(member, *path, name)
