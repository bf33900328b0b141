"""The settings of the local broker and the files that Kafka reads them from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"  # both listeners, and nothing else listens: what runs here is for this machine alone
DEFAULT_PORT = 19092
MEBIBYTE = 1024 * 1024
LARGEST_TOPIC_MESSAGE_BYTES = 16 * MEBIBYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """What a caller may choose about the broker."""

    port: int = DEFAULT_PORT
    log_cleaner_backoff_ms: int = 15_000
    """How long the log cleaner rests when there is nothing to compact; tests want to see compaction sooner."""
    offsets_partitions: int = 8
    transaction_partitions: int = 4
    message_max_bytes: int = MEBIBYTE
    """The default of all topics; a topic's own max.message.bytes may go up to LARGEST_TOPIC_MESSAGE_BYTES."""
    start_limit_seconds: float = 60.0
    heap_mebibytes: int = 256
    """Enough for one installation, which has some 300 partitions; a test run leaves dozens of them behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerHome:
    """Where one broker keeps its files between runs."""

    path: Path

    @property
    def data(self) -> Path:
        """Kafka's log directory: topics and cluster metadata."""
        return self.path / "data"

    @property
    def properties(self) -> Path:
        """What `kafka.Kafka` is started with."""
        return self.path / "server.properties"

    @property
    def logging(self) -> Path:
        """The broker's own log settings."""
        return self.path / "log4j2.properties"

    @property
    def log(self) -> Path:
        """What the broker said since it was started last."""
        return self.path / "kafka.log"

    @property
    def record(self) -> Path:
        """Which process is the broker."""
        return self.path / "broker.json"

    @property
    def lock(self) -> Path:
        """Held while starting or stopping."""
        return self.path / "lock"


def default_home(environ: Mapping[str, str]) -> Path:
    """`kafka` under TIDINGS_HOME, which is the user's data directory unless said otherwise."""
    if chosen := environ.get("TIDINGS_HOME"):
        return Path(chosen).expanduser() / "kafka"
    shared = environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(shared) / "tidings" / "kafka"


def server_properties(home: BrokerHome, settings: BrokerSettings, *, controller_port: int) -> dict[str, str]:
    """Kafka's properties: one KRaft node that is broker and controller, on the loopback address."""
    return _node(home, settings, controller_port) | _single_node_topics(settings) | _sizes(settings)


def properties_text(properties: Mapping[str, str]) -> str:
    """In the format of java.util.Properties, where a backslash has to be doubled."""
    return "".join(f"{key}={value}\n" for key, value in properties.items()).replace("\\", "\\\\")


def logging_properties() -> dict[str, str]:
    """Warnings and errors to the process's own output, which goes to kafka.log."""
    return {
        "appender.out.type": "Console",
        "appender.out.name": "out",
        "appender.out.layout.type": "PatternLayout",
        "appender.out.layout.pattern": "%d{ISO8601} %p %m (%c)%n",
        "rootLogger.level": "warn",
        "rootLogger.appenderRef.out.ref": "out",
    }


def _node(home: BrokerHome, settings: BrokerSettings, controller_port: int) -> dict[str, str]:
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "listeners": f"CLIENTS://{HOST}:{settings.port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"CLIENTS://{HOST}:{settings.port}",
        "listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENTS",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(home.data),
        # After a kill the controller keeps the dead broker's place for one session: 9 seconds by default.
        "broker.session.timeout.ms": "4000",
        "broker.heartbeat.interval.ms": "1000",
        "num.network.threads": "2",
        "num.io.threads": "4",
    }


def _single_node_topics(settings: BrokerSettings) -> dict[str, str]:
    return {
        "auto.create.topics.enable": "false",
        "default.replication.factor": "1",
        "min.insync.replicas": "1",
        "offsets.topic.num.partitions": str(settings.offsets_partitions),
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.num.partitions": str(settings.transaction_partitions),
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
    }


def _sizes(settings: BrokerSettings) -> dict[str, str]:
    largest = str(LARGEST_TOPIC_MESSAGE_BYTES)
    return {
        "message.max.bytes": str(settings.message_max_bytes),
        "replica.fetch.max.bytes": largest,
        "replica.fetch.response.max.bytes": largest,
        "socket.request.max.bytes": str(2 * LARGEST_TOPIC_MESSAGE_BYTES),
        "log.cleaner.backoff.ms": str(settings.log_cleaner_backoff_ms),
        # The default of 128 MiB would be half of the heap.
        "log.cleaner.dedupe.buffer.size": str(16 * MEBIBYTE),
    }
