"""The demo's own installation: its home, its ports, and a settings file that other commands can be pointed at."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local_kafka import free_port, status, stop
from deploy.local_kafka.ports import is_free
from tidings.config import FILE_VARIABLE, PREFIX, Installation, Kafka, Sandbox, Smtp, Worker

KAFKA_PORT = 19192
SMTP_PORT = 1025
WEB_PORT = 8025


class AlreadyRunning(RuntimeError):
    """Another demo has this home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoInstallation:
    """What the demo runs on; `settings_file` makes other commands speak to it."""

    installation: Installation
    settings_file: Path
    kafka_port: int
    web_port: int

    @property
    def logs(self) -> Path:
        """Where the processes' output goes, one file each."""
        return self.installation.home / "logs"

    def environment(self) -> dict[str, str]:
        """The environment of its processes: none of the surrounding installation's settings, for they would win."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return kept | {FILE_VARIABLE: str(self.settings_file)}


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """One demo at a time in one home; raises AlreadyRunning."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"A demo is running already in {home}: end it, or name another --home.") from None
        yield


def prepare(home: Path, *, fresh: bool) -> DemoInstallation:
    """Choose ports and write the settings file; `fresh` forgets what earlier demos left."""
    if fresh:
        stop(home / "kafka")
        for name in ("kafka", "workers", "ledger", "logs"):
            shutil.rmtree(home / name, ignore_errors=True)
    left = status(home / "kafka").running
    kafka_port = left.port if left else _free(KAFKA_PORT)
    made = DemoInstallation(
        installation=Installation(
            home=home,
            kafka=Kafka(bootstrap_servers=f"127.0.0.1:{kafka_port}"),
            smtp=Smtp(port=_free(SMTP_PORT)),
            sandbox=Sandbox(channels=()),
            worker=Worker(name="demo"),
        ),
        settings_file=home / "tidings.toml",
        kafka_port=kafka_port,
        web_port=_free(WEB_PORT),
    )
    made.logs.mkdir(exist_ok=True)
    made.settings_file.write_text(_toml(made.installation))
    return made


def _free(port: int) -> int:
    return port if is_free(port) else free_port()


def _toml(installation: Installation) -> str:
    """A JSON string is a TOML string."""
    return (
        "# Written by `tidings demo`, each time anew.\n"
        f"home = {json.dumps(str(installation.home))}\n"
        f"[kafka]\nbootstrap_servers = {json.dumps(installation.kafka.bootstrap_servers)}\n"
        f"[smtp]\nport = {installation.smtp.port}\n"
        f"[sandbox]\nchannels = {json.dumps(installation.sandbox.channels)}\n"
        f"[worker]\nname = {json.dumps(installation.worker.name)}\n"
    )
