"""The app: one stage as a Faust application.

Faust keeps what it is good at: the group, the assignment, standbys, recovery, RocksDB's life cycle and the agents.
What flows through it is ours (`streams.consumer`, `streams.runner`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import faust
from faust.types import StreamT
from faust.types.auth import CredentialsT
from faust.types.transports import TransportT

from schemas.topics import BY_NAME, PARTITIONS
from streams.batch import Batch
from streams.clock_watch import ClockWatch
from streams.consumer import Consumer
from streams.crash import die
from streams.full_copy import FullCopy
from streams.guard import Guard
from streams.journal import Journal
from streams.naming import app_id, changelog_name, state_directory, table_name, topic_name
from streams.outbox import Outbox
from streams.pulse import Pulse
from streams.quarantine_alarm import QuarantineAlarm
from streams.readiness import Readiness
from streams.runner import StageRunner
from streams.settings_watch import SettingsWatch
from streams.stage import Stage
from streams.store import ROCKSDB, StageTable, Store
from streams.table_manager import TableManager
from streams.transport import Transport
from tidings.config import Installation, Kafka
from tidings.metrics import StageMetrics
from tidings.security import client_security

_RAW: Mapping[str, Any] = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
_SETTINGS: Mapping[str, Any] = {
    "store": "rocksdb://",
    "Table": StageTable,
    "TableManager": TableManager,
    "web_enabled": False,
    "topic_allow_declare": False,
    "topic_disable_leader": True,
    "processing_guarantee": "at_least_once",
    "consumer_auto_offset_reset": "earliest",
    "consumer_max_fetch_size": 4 << 20,
    "broker_max_poll_records": 2000,
    # A member hears of a rebalance with its next heartbeat; so long do all of the group wait.
    "broker_heartbeat_interval": 1,
    "broker_rebalance_timeout": 20,
    # Larger than `consumer.UNDONE_LIMIT` can ever fill: Faust's own buffer pressure makes its fetcher sleep for 1 s.
    "stream_buffer_maxsize": 1024,
    "producer_linger": 0,
    "producer_max_batch_size": 1_000_000,
    "producer_compression_type": "zstd",
    "producer_request_timeout": 60,
}


class _Settings(faust.Settings):
    """Faust's settings, deaf to the environment: a stray BROKER_URL would win over what we pass (faust 0.15.3)."""

    def getenv(self, env_name: str) -> Any:
        return None


class App(faust.App):
    """One stage; any way it can fail ends the process."""

    Settings = _Settings

    stage: Stage
    pulse: Pulse
    readiness: Readiness
    metrics: StageMetrics
    alarm: QuarantineAlarm
    topic_prefix: str
    kafka: Kafka
    copies: Sequence[FullCopy] = ()
    settings_watch: SettingsWatch

    async def on_first_start(self) -> None:
        """Have all full copies complete before anything is assigned."""
        try:
            for copy in self.copies:
                self.readiness.stage_waits(self.stage.name, f"reads {copy.name} to its end")
                await copy.start()
        except Exception as error:  # noqa: BLE001 - die reports it
            die(f"stage {self.stage.name} cannot read what it joins", error)
        self.readiness.stage_waits(self.stage.name, "waits to be given partitions")
        self.pulse.start()
        await super().on_first_start()

    async def on_stop(self) -> None:
        """Stop following the full copies."""
        await super().on_stop()
        for copy in self.copies:
            await copy.stop()

    def on_rebalance_start(self) -> None:
        """Partitions are being given anew: nothing is ready until their state is recovered."""
        self.pulse.ready(False)
        self.readiness.stage_waits(self.stage.name, "is given partitions and recovers their state")
        super().on_rebalance_start()

    def on_rebalance_end(self) -> None:
        """All state is recovered; from here on sources are fetched."""
        super().on_rebalance_end()
        self.pulse.ready(True)
        sources = cast(Consumer, self.consumer).sources()
        self.readiness.stage_ready(self.stage.name, {tp.partition for tp in sources})

    def _new_transport(self) -> TransportT:
        return Transport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> TransportT:
        return Transport(self.conf.broker_producer, self)

    def _crash(self, reason: BaseException) -> None:
        die(f"Faust crashed in stage {self.stage.name}", reason)


def build(stage: Stage, installation: Installation, readiness: Readiness) -> App:
    """The Faust app of one stage, not yet started."""
    state_directory(installation, stage.name).mkdir(mode=0o700, parents=True, exist_ok=True)
    app = App(app_id(installation, stage.name), **{**_SETTINGS, **_settings_of(stage, installation)})
    app.stage = stage
    app.pulse = Pulse(stage.name)
    app.readiness = readiness
    app.metrics = StageMetrics(stage.name)
    pause_seconds = installation.worker.quarantine_pause_seconds
    app.alarm = QuarantineAlarm(stage.name, pause_seconds=pause_seconds, metrics=app.metrics, health=readiness.health)
    app.topic_prefix = installation.kafka.topic_prefix
    app.kafka = installation.kafka
    copies = {name: FullCopy(BY_NAME[name], installation) for name in stage.shared}
    app.copies = tuple(copies.values())
    app.settings_watch = SettingsWatch(stage.name, app.copies, app.metrics)
    table = app.Table(
        table_name(),
        key_type=bytes,
        value_type=bytes,
        partitions=PARTITIONS,
        recovery_buffer_size=8,
        options=dict(ROCKSDB),
    )
    prefix = installation.kafka.topic_prefix
    # A prefixed installation rehearses, and its ticks come from the rehearsal's own calendar.
    clock = None if prefix else ClockWatch(on_held=app.metrics.held)
    guard = Guard(stage, prefix, {name: copy.records for name, copy in copies.items()}, clock)

    async def perform(stream: StreamT[Batch]) -> None:
        try:
            runner = _runner(app, guard, cast(Store, table.data), installation)
            async for batch in stream:
                await runner.perform(batch, cast(Consumer, app.consumer))
        except Exception as error:  # noqa: BLE001 - die reports it
            die(f"stage {stage.name} failed", error)

    source = app.topic(*(topic_name(installation, name) for name in stage.reads), **_RAW)
    app.agent(source, name=stage.name, concurrency=1)(perform)
    return app


def _runner(app: App, guard: Guard, store: Store, installation: Installation) -> StageRunner:
    producer = cast(Any, app.producer)._producer
    return StageRunner(
        guard=guard,
        outbox=Outbox(producer, installation.kafka.topic_prefix),
        journal=Journal(producer, changelog_name(installation, app.stage.name)),
        store=store,
        pulse=app.pulse,
        kafka=installation.kafka,
        metrics=app.metrics,
        alarm=app.alarm,
    )


def _settings_of(stage: Stage, installation: Installation) -> dict[str, Any]:
    worker, kafka = installation.worker, installation.kafka
    return {
        "broker": [f"kafka://{server.strip()}" for server in kafka.bootstrap_servers.split(",")],
        "broker_credentials": _credentials(installation),
        "broker_commit_interval": worker.commit_interval_seconds,
        "broker_session_timeout": worker.session_seconds,
        "table_standby_replicas": worker.standby_replicas,
        # A static member comes back to its partitions within 2 s after a kill, and nobody else is disturbed.
        "consumer_group_instance_id": worker.name,
        "canonical_url": f"http://{worker.name}",
        "datadir": str(state_directory(installation, stage.name)),
    }


def _credentials(installation: Installation) -> CredentialsT | None:
    kafka, security = installation.kafka, client_security(installation.kafka)
    if kafka.security_protocol.uses_sasl:
        return faust.SASLCredentials(
            mechanism=security["sasl_mechanism"],
            username=security["sasl_plain_username"],
            password=security["sasl_plain_password"],
            ssl_context=security["ssl_context"],
        )
    return faust.SSLCredentials(context=security["ssl_context"]) if kafka.security_protocol.uses_tls else None
