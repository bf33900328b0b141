"""Which process is the broker: written down when it starts, believed only while that process is really our Kafka."""

import json
import os
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.local_kafka.config import BrokerHome

MAIN_CLASS = "kafka.Kafka"
EXEC_LOOKS = 20
EXEC_PAUSE_SECONDS = 0.01

_ENDED = ("Z", "X")  # states of /proc/<pid>/stat


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerRecord:
    """What is kept about a started broker."""

    pid: int
    port: int
    java: str


def write_record(home: BrokerHome, record: BrokerRecord) -> None:
    """Replaces the record in one step: a reader sees the old or the new one."""
    fresh = home.record.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(record)) + "\n")
    fresh.replace(home.record)


def read_record(home: BrokerHome) -> BrokerRecord | None:
    """The record of a live broker; None when there is none, it cannot be read or its process is not our Kafka."""
    try:
        record = BrokerRecord(**json.loads(home.record.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return record if is_broker(home, record.pid) else None


def forget_record(home: BrokerHome) -> None:
    """After the broker has ended."""
    home.record.unlink(missing_ok=True)


def is_broker(home: BrokerHome, pid: int) -> bool:
    """Whether the process is a Kafka started with this home's properties: pids are given out again."""
    _reap(pid)
    words = _command_of(pid)
    return MAIN_CLASS in words and str(home.properties) in words


def _reap(pid: int) -> None:
    """An ended broker that this very process started would otherwise stay in the process table."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _command_of(pid: int) -> list[str]:
    if Path("/proc/self/cmdline").exists():
        return _command_on_linux(pid)
    answer = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.split()


def _command_on_linux(pid: int) -> list[str]:
    process = Path(f"/proc/{pid}")
    for _ in range(EXEC_LOOKS):
        try:
            command = (process / "cmdline").read_bytes()
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return []
        if command or state in _ENDED:
            return command.decode(errors="replace").split("\0")
        # A process in the middle of its exec has no command line for some microseconds: posix_spawn returns before.
        time.sleep(EXEC_PAUSE_SECONDS)
    return []  # a thread of the kernel
