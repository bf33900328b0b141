"""What the figures were measured on: without it they mean nothing, and how busy it was besides."""

import os
import platform
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.environments import pins
from bench.scale import ROOT

_LOOPS = 2_000_000
_OURS = ("faust-streaming", "aiokafka", "rocksdict", "fastavro", "uvloop")
_PEERS = ("stock_faust", "quix_streams", "fast_stream")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """How busy the machine is: its load, and how long a fixed loop of plain Python takes just now."""

    load: float
    loop_millis: float

    def __str__(self) -> str:
        return f"load {self.load:.1f}, loop {self.loop_millis:.0f} ms"


def now() -> Moment:
    """This moment; takes the time of three loops and answers with the best."""
    return Moment(load=load(), loop_millis=min(_loop_millis() for _ in range(3)))


def load() -> float:
    """How many wanted to run during the last minute."""
    return os.getloadavg()[0]


def facts(command: str) -> list[tuple[str, str]]:
    """What does not change during a run."""
    return [
        ("date", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("command", command),
        ("commit", _commit()),
        ("processor", f"{_processor()}, {os.cpu_count()} cores, shared by engine, broker and bench"),
        ("Python", platform.python_version()),
        ("Kafka", f"{_kafka()}, one broker, 256 MB heap"),
        ("our wheels", ", ".join(f"{name} {version(name)}" for name in _OURS)),
        ("peers", ", ".join(pins(peer) for peer in _PEERS)),
    ]


def _loop_millis() -> float:
    began = time.process_time()
    total = 0
    for number in range(_LOOPS):
        total += number * number
    return (time.process_time() - began) * 1000


def _commit() -> str:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--", "streams", "schemas", "processors", "bench")
    return git("rev-parse", "--short", "HEAD") + (" with changes that are not committed" if changed else "")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _kafka() -> str:
    """The version in the coordinates of the locked jar."""
    locked = (ROOT / "deploy" / "local_kafka" / "jars.lock").read_text().split()
    return next(word.rpartition(":")[2] for word in locked if ":kafka_2.13:" in word)
