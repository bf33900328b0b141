"""Processes: what is measured runs in a process of its own, and its CPU is read from the kernel (Linux)."""

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.scale import ROOT

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM = 11, 12
"""Places in /proc/PID/stat after the command's closing bracket; threads are included."""


class Failed(RuntimeError):
    """What was to be measured did not run; the message holds the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One started process, with whatever it started."""

    process: subprocess.Popen[bytes]
    log: Path

    def cpu_seconds(self) -> float:
        """User and system time of the whole tree so far."""
        self.require_alive()
        return tree_cpu_seconds(self.process.pid)

    def require_alive(self) -> None:
        """Raise Failed when it has ended."""
        if self.process.poll() is not None:
            raise Failed(f"ended with {self.process.returncode}:\n{self.words()}")

    def words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-4000:]

    def stop(self, *, gently: bool = True) -> None:
        """End it; returns when it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM if gently else signal.SIGKILL)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def tree_cpu_seconds(pid: int) -> float:
    """User and system time of a process and its living descendants."""
    return sum(_cpu_seconds(each) for each in (pid, *_descendants(pid)))


def launch(command: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None) -> Running:
    """Start a process whose words go to a log."""
    with log.open("ab") as words:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=words, stderr=words, env=environment
        )
    return Running(process=process, log=log)


def launch_until_ready(command: Sequence[str], log: Path, *, timeout_seconds: float) -> Running:
    """Start a process that takes a descriptor as its last argument and writes a line to it when it is ready."""
    ready, told = os.pipe()
    try:
        with log.open("ab") as words:
            process = subprocess.Popen(
                [*command, str(told)], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=words, stderr=words, pass_fds=(told,)
            )
        os.close(told)
        running = Running(process=process, log=log)
        if not select.select([ready], [], [], timeout_seconds)[0] or not os.read(ready, 100):
            running.stop(gently=False)
            raise Failed(f"was not ready within {timeout_seconds:g} s:\n{running.words()}")
        return running
    finally:
        os.close(ready)


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS_PER_SECOND


def _descendants(pid: int) -> Iterator[int]:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _descendants(int(child))
