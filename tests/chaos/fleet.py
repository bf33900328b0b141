"""The fleet: the worker processes of one trial and the supervisor that starts each again when it has ended."""

import asyncio
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.notes import signature
from tests.chaos.waiting import until

ROOT = Path(__file__).parents[2]
_LOOK_SECONDS = 0.05
_RESTART_SECONDS = 0.5
"""How long a worker that gave up by itself rests, as under any supervisor."""
_STOP_LIMIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a process ended that nobody had killed or told to stop."""

    at: float
    by: str
    code: int


class Fleet:
    """Workers by name; `command` answers how one is started."""

    def __init__(self, home: Path, command: Callable[[str], Sequence[str]]) -> None:
        self._home = home
        self._command = command
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._rests: dict[str, float] = {}
        self.exits: list[Exit] = []
        self.stop_codes: list[int | None] = []

    @property
    def names(self) -> list[str]:
        """Who is to run."""
        return sorted(self._running)

    @property
    def ended(self) -> list[str]:
        """Who is about to be started again."""
        return [name for name, process in self._running.items() if process.poll() is not None]

    def signature(self, name: str) -> str:
        """The process that is this worker now."""
        return signature(name, self._running[name].pid)

    def launch(self, name: str) -> None:
        """Start a worker; from now on it is started again whenever it ends."""
        with (self._home / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(self._command(name), cwd=ROOT, stdout=log, stderr=log)

    def kill(self, name: str) -> float:
        """SIGKILL; the time at which the process is gone."""
        process = self._running[name]
        process.kill()
        process.wait()
        return time.time()

    def wipe(self, name: str) -> None:
        """Remove the disk of a worker that has ended."""
        shutil.rmtree(self._home / "workers" / name, ignore_errors=True)

    def freeze(self, name: str) -> None:
        """SIGSTOP."""
        self._running[name].send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """SIGCONT."""
        self._running[name].send_signal(signal.SIGCONT)

    async def stop(self, name: str) -> None:
        """SIGTERM; the worker is not started again."""
        process = self._running.pop(name)
        process.terminate()
        await until(lambda: process.poll() is not None, limit_seconds=_STOP_LIMIT_SECONDS)
        self.stop_codes.append(process.poll())
        process.kill()
        process.wait()

    async def supervise(self) -> None:
        """Start again what has ended, until cancelled."""
        while True:
            for name, process in tuple(self._running.items()):
                self._look_after(name, process)
            await asyncio.sleep(_LOOK_SECONDS)

    def close(self) -> None:
        """End everything; the supervisor finds nobody to start again."""
        while self._running:
            _, process = self._running.popitem()
            process.kill()
            process.wait()

    def _look_after(self, name: str, process: subprocess.Popen[bytes]) -> None:
        code = process.poll()
        if code is None:
            return
        now = time.time()
        if code != -signal.SIGKILL and name not in self._rests:
            self._rests[name] = now + _RESTART_SECONDS
            self.exits.append(Exit(at=now, by=signature(name, process.pid), code=code))
        if now >= self._rests.get(name, 0.0):
            self._rests.pop(name, None)
            self.launch(name)
