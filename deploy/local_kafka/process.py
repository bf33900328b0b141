"""Starts the local Kafka, stops it and tells how it is; the broker outlives the program that started it."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local_kafka.config import (
    HOST,
    MEBIBYTE,
    BrokerHome,
    BrokerSettings,
    logging_properties,
    properties_text,
    server_properties,
)
from deploy.local_kafka.errors import BrokerDidNotStart, BrokerDidNotStop, DiskFull, LocalKafkaError, PortTaken
from deploy.local_kafka.failure import explain
from deploy.local_kafka.jars import class_path
from deploy.local_kafka.java import Java, find_java
from deploy.local_kafka.ports import held_port, holder_of, is_free
from deploy.local_kafka.progress import OnProgress, Progress, unseen
from deploy.local_kafka.readiness import serves
from deploy.local_kafka.record import MAIN_CLASS, BrokerRecord, forget_record, is_broker, read_record, write_record

CLUSTER_ID = "dGlkaW5ncy1sb2NhbC1rYQ"  # sixteen bytes in base64: "tidings-local-ka"
SMALLEST_FREE_BYTES = 256 * MEBIBYTE
STOP_LIMIT_SECONDS = 20.0
KILL_LIMIT_SECONDS = 5.0
POLL_SECONDS = 0.1
FORMAT_HEAP_MEBIBYTES = 256
JVM_FLAGS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Djava.awt.headless=true")
# Options that would apply to every Java of the user, a JMX port open to the network among them.
NOT_PASSED_ON = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningBroker:
    """A broker that answers."""

    pid: int
    port: int
    home: Path
    java: str
    was_running: bool

    @property
    def bootstrap_servers(self) -> str:
        """What a Kafka client is given."""
        return f"{HOST}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerStatus:
    """How the broker of a home is: not running, running, and then whether it answers."""

    home: Path
    running: RunningBroker | None
    is_serving: bool


def start(home: Path, settings: BrokerSettings | None = None, *, on_progress: OnProgress = unseen) -> RunningBroker:
    """Starts the broker of this home and returns when it serves; when it runs already, that one is returned.

    Raises a LocalKafkaError that says what to do. The data of earlier runs is there again.
    """
    settings = settings or BrokerSettings()
    place = BrokerHome(path=home.expanduser().absolute())
    with _alone(place):
        record = read_record(place)
        if record is not None and _is_joined(place, record, settings):
            return _running(place, record, was_running=True)
        _refuse_early(place, settings)
        java = find_java(os.environ)
        jars = class_path(on_progress)
        # The controller's port is nobody else's business, so any free one will do.
        with held_port() as controller_port:
            _configure(place, settings, controller_port)
            _format(place, java, jars)
            record = _launch(place, settings, java, jars)
            on_progress(Progress(sentence="Waiting for Kafka to answer"))
            _wait_until_serving(place, record, settings)
        return _running(place, record, was_running=False)


def stop(home: Path) -> bool:
    """Ends the broker of this home, and no other process. False when it was not running."""
    place = BrokerHome(path=home.expanduser().absolute())
    if not place.path.is_dir():
        return False
    with _alone(place):
        record = read_record(place)
        if record is not None:
            _end(place, record.pid)
        forget_record(place)
        return record is not None


def status(home: Path) -> BrokerStatus:
    """Looks and changes nothing."""
    place = BrokerHome(path=home.expanduser().absolute())
    record = read_record(place)
    if record is None:
        return BrokerStatus(home=place.path, running=None, is_serving=False)
    return BrokerStatus(
        home=place.path, running=_running(place, record, was_running=True), is_serving=serves(record.port)
    )


def jvm_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the broker's process."""
    return {name: value for name, value in environ.items() if name not in NOT_PASSED_ON}


@contextmanager
def _alone(place: BrokerHome) -> Iterator[None]:
    """One start or stop at a time for one home; a second one waits for the first."""
    try:
        place.path.mkdir(parents=True, exist_ok=True)
        lock = place.lock.open("w")
    except OSError as error:
        raise LocalKafkaError(f"cannot keep the broker's files in {place.path}: {error.strerror}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refuse_early(place: BrokerHome, settings: BrokerSettings) -> None:
    if not is_free(settings.port):
        raise PortTaken(
            f"port {settings.port} is taken by {holder_of(settings.port)}. "
            "End it, or choose another port for the broker."
        )
    free_bytes = shutil.disk_usage(place.path).free
    if free_bytes < SMALLEST_FREE_BYTES:
        raise DiskFull(
            f"only {free_bytes // MEBIBYTE} MiB are free where {place.path} lies; the broker needs "
            f"{SMALLEST_FREE_BYTES // MEBIBYTE} MiB. Free some, or let TIDINGS_HOME name a directory on another disk."
        )


def _configure(place: BrokerHome, settings: BrokerSettings, controller_port: int) -> None:
    properties = server_properties(place, settings, controller_port=controller_port)
    place.properties.write_text(properties_text(properties))
    place.logging.write_text(properties_text(logging_properties()))


def _command(place: BrokerHome, java: Java, jars: Sequence[Path], heap_mebibytes: int, *main: str) -> list[str]:
    return [
        str(java.path),
        f"-Xmx{heap_mebibytes}m",
        *JVM_FLAGS,
        f"-Dlog4j2.configurationFile={place.logging}",
        "-cp",
        os.pathsep.join(str(jar) for jar in jars),
        *main,
    ]


def _format(place: BrokerHome, java: Java, jars: Sequence[Path]) -> None:
    """Prepares the data directory of a new home. One that is there is left as it is."""
    if (place.data / "meta.properties").exists():
        return
    tool = ("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(place.properties), "--ignore-formatted")
    with place.log.open("wb") as log:
        done = subprocess.run(
            _command(place, java, jars, FORMAT_HEAP_MEBIBYTES, *tool),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=jvm_environment(os.environ),
            check=False,
        )
    if done.returncode != 0:
        raise explain(place, java=str(java), what_happened="the broker's data directory could not be prepared")


def _launch(place: BrokerHome, settings: BrokerSettings, java: Java, jars: Sequence[Path]) -> BrokerRecord:
    """A process of its own session, so that neither Ctrl-C nor the end of this program ends it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    pid = os.posix_spawn(
        java.path,
        _command(place, java, jars, settings.heap_mebibytes, MAIN_CLASS, str(place.properties)),
        jvm_environment(os.environ),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, place.log, flags, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    record = BrokerRecord(pid=pid, port=settings.port, java=str(java))
    write_record(place, record)
    return record


def _is_joined(place: BrokerHome, record: BrokerRecord, settings: BrokerSettings) -> bool:
    """Whether the broker that runs already serves; it may have been started a moment ago, or be about to end."""
    if _until(lambda: serves(record.port) or not is_broker(place, record.pid), settings.start_limit_seconds):
        return is_broker(place, record.pid)
    raise BrokerDidNotStart(
        f"process {record.pid} is the local Kafka of {place.path} but does not answer on port {record.port}. "
        f"Stop it and start it again; {place.log} may say why."
    )


def _wait_until_serving(place: BrokerHome, record: BrokerRecord, settings: BrokerSettings) -> None:
    limit_seconds = settings.start_limit_seconds
    if _until(lambda: serves(record.port) or not is_broker(place, record.pid), limit_seconds):
        if is_broker(place, record.pid):
            return
        what_happened = "the local Kafka ended while starting"
    else:
        _end(place, record.pid)
        what_happened = f"the local Kafka did not answer within {limit_seconds:g} seconds"
    forget_record(place)
    raise explain(place, java=record.java, what_happened=what_happened)


def _end(place: BrokerHome, pid: int) -> None:
    for sign, limit_seconds in ((signal.SIGTERM, STOP_LIMIT_SECONDS), (signal.SIGKILL, KILL_LIMIT_SECONDS)):
        if is_broker(place, pid):
            os.kill(pid, sign)
        if _until(lambda: not is_broker(place, pid), limit_seconds):
            return
    raise BrokerDidNotStop(f"process {pid} is still there {KILL_LIMIT_SECONDS:g} seconds after SIGKILL")


def _until(holds: Callable[[], bool], limit_seconds: float) -> bool:
    """Whether the condition came to hold within the limit."""
    deadline = time.monotonic() + limit_seconds
    while not holds():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _running(place: BrokerHome, record: BrokerRecord, *, was_running: bool) -> RunningBroker:
    return RunningBroker(pid=record.pid, port=record.port, home=place.path, java=record.java, was_running=was_running)
