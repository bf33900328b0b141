"""A gateway process under test: topics, commands in, records out, and the process itself to stop or kill."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas import codec
from schemas.delivery import DeliveryStatus, LedgerEntry
from schemas.topics import PARTITIONS
from streams import topics_admin
from tidings.config import Installation, Kafka
from tidings.kafka_clients import started

PATIENCE_SECONDS = 120


class HasKey(Protocol):
    @property
    def key(self) -> str: ...


class Rig:
    def __init__(self, kafka: str, prefix: str, home: Path) -> None:
        self.prefix = prefix
        self.kafka = Kafka(bootstrap_servers=kafka, topic_prefix=prefix)
        self.home = home
        self.gateways: list[Gateway] = []

    async def __aenter__(self) -> "Rig":
        await topics_admin.apply(Installation(kafka=self.kafka), stages=())
        self._producer = AIOKafkaProducer(bootstrap_servers=self.kafka.bootstrap_servers, acks="all", linger_ms=5)
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for gateway in self.gateways:
            await gateway.kill()
        await self._producer.stop()

    async def publish(self, topic: str, *records: HasKey) -> None:
        """Append records under their own keys, and wait for the acks."""
        sent = [await self.publish_raw(topic, record.key.encode(), codec.encode(record)) for record in records]
        await asyncio.gather(*sent)

    async def publish_raw(self, topic: str, key: bytes, value: bytes) -> Awaitable[object]:
        sending: Awaitable[object] = await self._producer.send(self.prefix + topic, key=key, value=value)
        return sending

    async def read(self, topic: str) -> list[object]:
        """All records of a topic, decoded."""
        tps = [TopicPartition(self.prefix + topic, number) for number in range(PARTITIONS)]
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka.bootstrap_servers, auto_offset_reset="earliest")
        await consumer.start()
        try:
            consumer.assign(tps)
            ends = await consumer.end_offsets(tps)
            found: list[object] = []
            while any([await consumer.position(tp) < ends[tp] for tp in tps]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += [codec.decode(record.value) for record in records]
            return found
        finally:
            await consumer.stop()

    async def statuses(self) -> list[DeliveryStatus]:
        return [one for one in await self.read("delivery.statuses") if isinstance(one, DeliveryStatus)]

    async def ledger(self) -> list[LedgerEntry]:
        return [one for one in await self.read("ledger.email") if isinstance(one, LedgerEntry)]

    async def members(self) -> set[str]:
        """The gateways that the broker takes for members of their group; one that ended may be for a session."""
        group = f"{self.prefix}tidings-gateway-email"
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka.bootstrap_servers)
        async with started(admin):
            [answer] = await admin.describe_consumer_groups([group])
        [(_, _, _, _, _, members, *_)] = answer.groups
        return {client_id for _, client_id, *_ in members}

    async def start(self, smtp_port: int, *, name: str = "w1", sessions: int = 8, **worker: object) -> "Gateway":
        gateway = Gateway(self, smtp_port, name=name, sessions=sessions, worker=worker)
        self.gateways.append(gateway)
        await gateway.start()
        return gateway

    async def until(self, is_so: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await is_so():  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.2)


class Gateway:
    """One process of `tidings gateway email`; its log is kept."""

    def __init__(self, rig: Rig, smtp_port: int, *, name: str, sessions: int, worker: Mapping[str, object]) -> None:
        self.log: list[str] = []
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("TIDINGS_")},
            "TIDINGS_KAFKA__BOOTSTRAP_SERVERS": rig.kafka.bootstrap_servers,
            "TIDINGS_KAFKA__TOPIC_PREFIX": rig.prefix,
            "TIDINGS_SMTP__PORT": str(smtp_port),
            "TIDINGS_SMTP__SESSIONS": str(sessions),
            "TIDINGS_HOME": str(rig.home),
            "TIDINGS_WORKER__NAME": name,
            "TIDINGS_WORKER__COMMIT_INTERVAL_SECONDS": "0.2",
            **{f"TIDINGS_WORKER__{setting.upper()}": str(value) for setting, value in worker.items()},
        }

    @property
    def pid(self) -> int:
        return self._process.pid

    async def start(self) -> None:
        self._ready = asyncio.Event()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tidings", "gateway", "email", env=self._environment, stderr=asyncio.subprocess.PIPE
        )
        self._listening = asyncio.ensure_future(self._listen())
        ready = asyncio.ensure_future(self._ready.wait())
        await asyncio.wait([ready, self._listening], timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        assert self._ready.is_set(), "gateway is not ready:\n" + "\n".join(self.log)

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        while line := await self._process.stderr.readline():
            self.log.append(line.decode().rstrip())
            if "gateway ready" in self.log[-1]:
                self._ready.set()

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop; the exit code."""
        self._process.send_signal(how)
        code = await self._process.wait()
        await self._listening
        return code

    async def kill(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._listening

    async def ended(self) -> int:
        return await self._process.wait()


def by_status(statuses: Iterable[DeliveryStatus]) -> dict[str, set[str]]:
    """Message ids per status."""
    found: dict[str, set[str]] = {}
    for one in statuses:
        found.setdefault(str(one.status), set()).add(one.message_id)
    return found
