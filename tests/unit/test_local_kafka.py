"""The local Kafka as far as it goes without a broker: settings, Java, jars, ports, pids and explanations."""

import hashlib
import json
import os
import re
import socket
import stat
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.local_kafka import config, failure, java, ports, readiness, record
from deploy.local_kafka.errors import (
    BrokerDidNotStart,
    DataUnusable,
    DiskFull,
    JarsUnavailable,
    JavaMissing,
    LocalKafkaError,
    PortTaken,
)
from deploy.local_kafka.jars import Jar, fetch, locked_jars
from deploy.local_kafka.process import jvm_environment
from deploy.local_kafka.progress import Progress, unseen


@pytest.fixture
def home(tmp_path: Path) -> config.BrokerHome:
    return config.BrokerHome(path=tmp_path)


# Settings


def properties(home: config.BrokerHome, settings: config.BrokerSettings | None = None) -> dict[str, str]:
    return config.server_properties(home, settings or config.BrokerSettings(), controller_port=40000)


@pytest.mark.parametrize("name", ["listeners", "advertised.listeners", "controller.quorum.voters"])
def test_nothing_listens_beyond_this_machine(home: config.BrokerHome, name: str) -> None:
    hosts = re.findall(r"(?://|@)([^:]*):\d+", properties(home)[name])
    assert hosts
    assert set(hosts) == {"127.0.0.1"}


def test_one_broker_is_enough_for_every_internal_topic(home: config.BrokerHome) -> None:
    wanted = {
        name: value for name, value in properties(home).items() if name.endswith((".replication.factor", ".min.isr"))
    }
    assert len(wanted) == 6
    assert set(wanted.values()) == {"1"}


def test_topics_are_made_on_purpose_only(home: config.BrokerHome) -> None:
    assert properties(home)["auto.create.topics.enable"] == "false"


def test_tests_may_ask_for_early_compaction(home: config.BrokerHome) -> None:
    settings = config.BrokerSettings(log_cleaner_backoff_ms=1000)
    assert properties(home, settings)["log.cleaner.backoff.ms"] == "1000"


def test_a_backslash_survives_the_properties_format() -> None:
    assert config.properties_text({"log.dirs": r"a\b"}) == "log.dirs=a\\\\b\n"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({"TIDINGS_HOME": "/srv/tidings"}, "/srv/tidings/kafka", id="as told"),
        pytest.param({"XDG_DATA_HOME": "/data"}, "/data/tidings/kafka", id="the desktop's data directory"),
        pytest.param({}, str(Path.home() / ".local/share/tidings/kafka"), id="the default"),
    ],
)
def test_the_home_is_where_the_user_keeps_data(environ: dict[str, str], expected: str) -> None:
    assert config.default_home(environ) == Path(expected)


def test_options_meant_for_every_java_do_not_reach_the_broker() -> None:
    environ = {"JAVA_TOOL_OPTIONS": "-Dcom.sun.management.jmxremote.port=9999", "LANG": "C.UTF-8"}
    assert jvm_environment(environ) == {"LANG": "C.UTF-8"}


# Java


@pytest.mark.parametrize(
    ("text", "major"),
    [
        pytest.param('openjdk version "17.0.15" 2025-04-15', 17, id="Debian's 17"),
        pytest.param('java version "1.8.0_202"', 8, id="the old way of counting"),
        pytest.param('openjdk version "25" 2025-09-16', 25, id="a first release"),
        pytest.param('openjdk version "26-ea" 2026-03-17', 26, id="an early access build"),
        pytest.param("Unable to locate a Java Runtime.", None, id="macOS without one"),
    ],
)
def test_the_version_is_read_out_of_what_java_says(text: str, major: int | None) -> None:
    assert java.parse_major(text) == major


def java_home(tmp_path: Path, version: str) -> Path:
    launcher = tmp_path / "bin" / "java"
    launcher.parent.mkdir()
    launcher.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    launcher.chmod(launcher.stat().st_mode | stat.S_IXUSR)
    return tmp_path


def test_a_system_java_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    found = java.find_java({"JAVA_HOME": str(java_home(tmp_path, "21.0.1"))})
    assert found == java.Java(path=tmp_path / "bin" / "java", major=21, is_bundled=False)


@pytest.mark.parametrize("version", ["11.0.2", "1.8.0"])
def test_an_old_system_java_gives_way_to_the_bundled_one(tmp_path: Path, version: str) -> None:
    found = java.find_java({"JAVA_HOME": str(java_home(tmp_path, version))})
    assert found.is_bundled
    assert found.major >= java.OLDEST_MAJOR


def test_without_any_java_the_bundled_one_is_taken() -> None:
    found = java.find_java({"PATH": "/nonexistent"})
    assert found.is_bundled
    assert found.path.is_file()


# Jars


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory served as the Maven repository, with an empty local one in front of it."""
    served = tmp_path / "mirror"
    served.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    settings = tmp_path / "jgo.conf"
    settings.write_text(f"[repositories]\ncentral = http://127.0.0.1:{server.server_port}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
    monkeypatch.setenv("M2_REPO", str(tmp_path / "local"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


def serve_jar(mirror: Path, content: bytes) -> Jar:
    path = mirror / "org/example/letter/1.0/letter-1.0.jar"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Jar(group="org.example", artifact="letter", version="1.0", sha256=hashlib.sha256(content).hexdigest())


def test_a_missing_jar_is_downloaded_and_told_of(mirror: Path) -> None:
    told: list[Progress] = []
    (path,) = fetch([serve_jar(mirror, b"letter")], told.append)
    assert path.read_bytes() == b"letter"
    assert [(each.done, each.total) for each in told] == [(0, 1), (1, 1)]


def test_a_download_that_broke_off_is_repeated(mirror: Path) -> None:
    jar = serve_jar(mirror, b"letter")
    (path,) = fetch([jar], unseen)
    path.write_bytes(b"let")
    fetch([jar], unseen)
    assert path.read_bytes() == b"letter"


def test_a_jar_that_is_there_needs_no_network(mirror: Path) -> None:
    jar = serve_jar(mirror, b"letter")
    fetch([jar], unseen)
    (mirror / "org/example/letter/1.0/letter-1.0.jar").unlink()
    told: list[Progress] = []
    fetch([jar], told.append)
    assert told == []


def test_what_another_process_fetched_meanwhile_is_not_fetched_again(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = serve_jar(mirror, b"letter")
    fetched = tmp_path / "local/org/example/letter/1.0/letter-1.0.jar"

    def wait_for_the_other(*_: object) -> None:
        fetched.parent.mkdir(parents=True)
        fetched.write_bytes(b"letter")

    monkeypatch.setattr("deploy.local_kafka.jars.fcntl.flock", wait_for_the_other)
    told: list[Progress] = []
    assert fetch([jar], told.append) == (fetched,)
    assert told == []


def test_another_jar_than_the_locked_one_is_refused(mirror: Path) -> None:
    jar = serve_jar(mirror, b"letter")
    serve_jar(mirror, b"forged letter")
    with pytest.raises(JarsUnavailable, match=r"is not the org\.example:letter:1\.0 that jars\.lock names"):
        fetch([jar], unseen)


def test_a_repository_without_the_jar_is_named_with_the_setting_that_changes_it(mirror: Path) -> None:
    jar = Jar(group="org.example", artifact="missing", version="1.0", sha256="0" * 64)
    with pytest.raises(JarsUnavailable, match=r"org\.example:missing:1\.0 from http://127\.0\.0\.1.*\[repositories\]"):
        fetch([jar], unseen)


def test_the_lock_names_every_jar_once_with_its_hash() -> None:
    jars = locked_jars()
    assert len({(jar.group, jar.artifact) for jar in jars}) == len(jars)
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in jars)
    assert {jar.version for jar in jars if jar.group == "org.apache.kafka"} == {"4.3.1"}


# Ports and readiness


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_taken_port_is_told_with_its_holder(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    assert not ports.is_free(port)
    assert f"process {os.getpid()} (" in ports.holder_of(port)


def test_a_free_port_is_free() -> None:
    assert ports.is_free(ports.free_port())


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux lets a port be held for a server.")
def test_a_held_port_is_for_servers_alone() -> None:
    with ports.held_port() as port:
        assert ports.is_free(port)
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))  # as whoever asks for any port
        for _ in range(2):  # once more, as after a restart
            with socket.create_server(("127.0.0.1", port)):
                assert not ports.is_free(port)
            assert ports.is_free(port)


def test_an_open_port_that_hangs_up_is_no_broker(listener: socket.socket) -> None:
    def hang_up() -> None:
        connection, _ = listener.accept()
        connection.close()

    hangs_up = threading.Thread(target=hang_up)
    hangs_up.start()
    assert not readiness.serves(listener.getsockname()[1])
    hangs_up.join()


def test_a_closed_port_is_no_broker() -> None:
    with ports.held_port() as port:
        assert not readiness.serves(port)


# The record of the broker's process


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            json.dumps({"pid": os.getpid(), "port": 1, "java": "java"}), id="the pid is another process's by now"
        ),
        pytest.param(json.dumps({"pid": 2**22 + 1, "port": 1, "java": "java"}), id="the pid is nobody's"),
        pytest.param("{", id="the record is cut off"),
        pytest.param("[]", id="the record is no record"),
        pytest.param('{"pid": 1}', id="the record is of another version"),
    ],
)
def test_a_stale_record_is_no_broker(home: config.BrokerHome, text: str) -> None:
    home.record.write_text(text)
    assert record.read_record(home) is None


# Explanations


@pytest.mark.parametrize(
    ("log", "error", "advice"),
    [
        ("java.net.BindException: Address already in use", PortTaken, "choose another port"),
        ("java.io.IOException: No space left on device", DiskFull, "TIDINGS_HOME"),
        ("java.lang.UnsupportedClassVersionError: kafka/Kafka", JavaMissing, "JAVA_HOME"),
        ("Error occurred: Could not reserve enough space for object heap", BrokerDidNotStart, "too little memory"),
        ("Invalid cluster.id in: data/meta.properties.", DataUnusable, "start again"),
        ("java.nio.file.AccessDeniedException: data", DataUnusable, "who owns"),
        ("2026-11-21 ERROR Exiting (kafka.Kafka$)\n\tat kafka.Kafka.main", BrokerDidNotStart, "ERROR Exiting"),
        ("", BrokerDidNotStart, "kafka.log"),
    ],
)
def test_a_failed_start_says_what_to_do(
    home: config.BrokerHome, log: str, error: type[LocalKafkaError], advice: str
) -> None:
    home.log.write_text(log)
    explained = failure.explain(home, java="java (Java 17)", what_happened="the local Kafka ended while starting")
    assert type(explained) is error
    assert str(explained).startswith("the local Kafka ended while starting")
    assert advice in str(explained)
