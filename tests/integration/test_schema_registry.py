"""An installation whose schema ids come from a registry: worker, publisher and reader as processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from streams.crash import ExitCode
from tests.integration.whole.running import order, tenant
from tests.unit.schemas.registry import Registry, running_registry

PATIENCE_SECONDS = 120.0


@pytest.fixture
def registry() -> Iterator[Registry]:
    with running_registry() as running:
        yield running


def environment(kafka: str, home: Path, prefix: str, registry_url: str | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
    told = {
        "TIDINGS_KAFKA__BOOTSTRAP_SERVERS": kafka,
        "TIDINGS_KAFKA__TOPIC_PREFIX": prefix,
        "TIDINGS_HOME": str(home),
        "TIDINGS_WORKER__NAME": "w1",
        "TIDINGS_WORKER__COMMIT_INTERVAL_SECONDS": "0.2",
    }
    return kept | told | ({"TIDINGS_SCHEMA_REGISTRY__URL": registry_url} if registry_url else {})


def tidings(around: Mapping[str, str], *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tidings", *arguments]
    return subprocess.run(
        command, env=dict(around), input=text, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )


@contextmanager
def worker(around: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of decide that is ready."""
    reading, writing = os.pipe()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tidings", "worker", "decide", "--ready-descriptor", str(writing)],
            env=dict(around),
            pass_fds=(writing,),
            stdout=output,
            stderr=output,
        )
    os.close(writing)
    try:
        assert os.read(reading, 16) == b"ready\n", log.read_text()
        yield process
    finally:
        os.close(reading)
        process.kill()
        process.wait()


def publish(around: Mapping[str, str], events: Sequence[Mapping[str, Any]]) -> None:
    done = tidings(around, "publish", "-", text=json.dumps(list(events)))
    assert done.returncode == 0, done.stderr


def tail(around: Mapping[str, str], topic: str, count: int) -> list[Any]:
    """The first records of a topic, without what the clock said."""
    shown = tidings(around, "tail", topic, "--from-beginning", "-n", str(count), "--json")
    assert shown.returncode == 0, shown.stderr
    values = [json.loads(line)["value"] for line in shown.stdout.splitlines()]
    return sorted(({**each, "at": None, "due": None} for each in values), key=json.dumps)


def decisions(around: Mapping[str, str], log: Path) -> list[Any]:
    """What is decided of two orders of one contact."""
    assert tidings(around, "topics", "apply").returncode == 0
    [settings, contact] = tenant("hillside", ["ann@hillside.example"])
    with worker(around, log):
        publish(around, [settings])
        tail(around, "settings", 1)
        publish(around, [contact, order("hillside", 1, "c0"), order("hillside", 2, "c0")])
        tail(around, "messages", 2)
        return tail(around, "decisions", 2)


@pytest.mark.slow
def test_with_a_registry_the_same_is_decided_as_without(kafka: str, tmp_path: Path, registry: Registry) -> None:
    with_registry = environment(kafka, tmp_path / "with", "registered.", registry.url)
    without = environment(kafka, tmp_path / "without", "unregistered.", None)
    found = decisions(with_registry, tmp_path / "with.log")
    assert found == decisions(without, tmp_path / "without.log")
    assert {"POST /subjects/tidings.Decision/versions", "POST /subjects/tidings.Seen/versions"} <= set(registry.asked)
    unaware = with_registry | {"TIDINGS_SCHEMA_REGISTRY__URL": ""}
    unreadable = tidings(unaware, "tail", "messages", "--from-beginning", "-n", "1").stdout
    assert "has schema id 1000" in unreadable, "what was written bears the registry's ids"


@pytest.mark.slow
def test_a_registry_in_trouble_ends_worker_and_commands_and_sets_nothing_aside(
    kafka: str, tmp_path: Path, registry: Registry
) -> None:
    around = environment(kafka, tmp_path, "troubled.", registry.url)
    assert tidings(around, "topics", "apply").returncode == 0
    events = tenant("hillside", ["ann@hillside.example"])
    publish(around, events)

    registry.says = (503, {"message": "in trouble"})
    refused = tidings(around, "publish", "-", text=json.dumps(events))
    assert refused.returncode == 1
    assert refused.stderr.startswith("The schema registry does not help. PUT http://127.0.0.1:")
    ended = tidings(around, "worker", "decide")
    assert ended.returncode == ExitCode.CRASHED
    assert "503" in ended.stderr
    assert "in trouble" in ended.stderr

    registry.says = None
    with worker(around, tmp_path / "worker.log"):
        tail(around, "settings", 1)
    assert json.loads(tidings(around, "dead-letters", "list", "--json").stdout) == []
