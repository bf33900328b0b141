"""The broker of one run, and what the bench asks of it: topics, records in, how far outputs have come."""

import shutil
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import ConsumerRecord

from bench.processes import tree_cpu_seconds
from bench.scale import HOME
from deploy import local_kafka
from schemas.topics import PARTITIONS
from streams.client import partition_of
from streams.incremental_configs import SetTopicConfigs

Entry = tuple[bytes, bytes, tuple[tuple[str, bytes], ...]]
"""Key, value and headers of one record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A running broker with the bench's own clients."""

    servers: str
    pid: int
    home: Path
    admin: AIOKafkaAdminClient
    looking: AIOKafkaConsumer

    def cpu_seconds(self) -> float:
        """What the broker has used so far."""
        return tree_cpu_seconds(self.pid)

    async def make(self, *topics: str, settings: Mapping[str, str] | None = None) -> None:
        """Topics with the one partition count."""
        if topics:
            await self.admin.create_topics(
                [NewTopic(name, PARTITIONS, 1, topic_configs=dict(settings or {})) for name in topics]
            )

    async def stamp_at_append(self, topic: str) -> None:
        """From now on a record's time is that of its append, so that the log itself measures latency."""
        await self.admin._send_request(SetTopicConfigs({topic: {"message.timestamp.type": "LogAppendTime"}}))

    async def ends(self, topic: str) -> dict[TopicPartition, int]:
        """The offsets after the last record that a reader of committed records may see."""
        return dict(await self.looking.end_offsets(_partitions(topic)))

    async def count(self, topic: str, since: Mapping[TopicPartition, int] | None = None) -> int:
        """How many records a topic has got; markers of transactions count, of which there are few."""
        ends = await self.ends(topic)
        return sum(ends.values()) - sum((since or {}).values())

    async def committed(self, group: str, topic: str) -> int:
        """How many records of a topic a group has done with."""
        try:
            stored = await self.admin.list_consumer_group_offsets(group)
        except GroupCoordinatorNotAvailableError:  # a new cluster makes the topic for positions when first asked
            return 0
        return sum(max(0, at.offset) for partition, at in stored.items() if partition.topic == topic)

    async def feed(self, topic: str, entries: Iterable[Entry]) -> None:
        """Append records in order, each to its key's partition, in large batches."""
        await self._append(topic, ((partition_of(entry[0], PARTITIONS), entry) for entry in entries))

    async def spread(self, topic: str, entries: Iterable[Entry]) -> None:
        """Append records evenly to all partitions, whatever their keys: state that is not asked for by key."""
        await self._append(topic, ((number % PARTITIONS, entry) for number, entry in enumerate(entries)))

    async def _append(self, topic: str, placed: Iterable[tuple[int, Entry]]) -> None:
        async with self.producer() as producer:
            builders: dict[int, BatchBuilder] = {}
            for partition, (key, value, headers) in placed:
                builder = builders.get(partition) or builders.setdefault(partition, producer.create_batch())
                if builder.append(timestamp=None, key=key, value=value, headers=list(headers)) is None:
                    await producer.send_batch(builder, topic, partition=partition)
                    builder = builders[partition] = producer.create_batch()
                    builder.append(timestamp=None, key=key, value=value, headers=list(headers))
            for partition, builder in builders.items():
                await producer.send_batch(builder, topic, partition=partition)
            await producer.flush()

    @asynccontextmanager
    async def producer(self) -> AsyncIterator[AIOKafkaProducer]:
        """A producer whose records are acknowledged; `send` leaves at once, batches are large."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.servers, compression_type="lz4", max_batch_size=500_000, acks="all"
        )
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()

    async def read(
        self, topic: str, since: Mapping[TopicPartition, int] | None = None
    ) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
        """All committed records of a topic from these offsets to its present end, in order per partition."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.servers, isolation_level="read_committed", max_poll_records=5000
        )
        await consumer.start()
        try:
            ends = await self.ends(topic)
            consumer.assign(list(ends))
            for partition in ends:
                consumer.seek(partition, (since or {}).get(partition, 0))
            while any([await consumer.position(partition) < end for partition, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        yield record
        finally:
            await consumer.stop()


@asynccontextmanager
async def running_broker() -> AsyncIterator[Broker]:
    """A broker with nothing in it; it and its data are gone afterwards."""
    home = HOME / "broker"
    local_kafka.stop(home)
    for stale in (home, HOME / "run"):
        shutil.rmtree(stale, ignore_errors=True)
    started = local_kafka.start(home, local_kafka.BrokerSettings(port=local_kafka.free_port()))
    admin = AIOKafkaAdminClient(bootstrap_servers=started.bootstrap_servers)
    looking = AIOKafkaConsumer(bootstrap_servers=started.bootstrap_servers, isolation_level="read_committed")
    try:
        await admin.start()
        await looking.start()
        yield Broker(
            servers=started.bootstrap_servers, pid=started.pid, home=HOME / "run", admin=admin, looking=looking
        )
    finally:
        await looking.stop()
        await admin.close()
        local_kafka.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def _partitions(topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for number in range(PARTITIONS)]
