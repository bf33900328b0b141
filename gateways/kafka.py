"""Kafka as gateways use it: an idempotent producer for their log, and readers of compacted partitions."""

import time
from collections.abc import Awaitable, Callable, Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from gateways.log import Row
from tidings.config import Kafka
from tidings.kafka_clients import Unreachable, connect, started
from tidings.security import client_security

MAX_BATCH_BYTES = 1_000_000
MAX_REQUEST_BYTES = 16 * 1024 * 1024
FETCH_BYTES = 4 * 1024 * 1024
READ_AT_ONCE = 2_000
READ_TIMEOUT_MS = 500
STUCK_SECONDS = 60.0
"""A partition of which nothing more can be read for so long ends the process."""

HEARTBEAT_MS = 1_000
REBALANCE_MS = 60_000
NEVER_IDLE_MS = 86_400_000  # aiokafka takes a consumer whose partitions are all paused for an idle one

OnRecord = Callable[[ConsumerRecord], None]


class NoBroker(ConnectionError):
    """No broker can be used at the start; one that goes later ends the process as any other error does."""


class KafkaLog:
    """The log on Kafka: acks=all and idempotent, so a row is there once and in its place, or the process ends."""

    def __init__(self, kafka: Kafka, client_id: str) -> None:
        self._prefix = kafka.topic_prefix
        self._producer = AIOKafkaProducer(
            bootstrap_servers=kafka.bootstrap_servers,
            client_id=client_id,
            enable_idempotence=True,
            acks="all",
            compression_type="zstd",
            linger_ms=0,
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=MAX_REQUEST_BYTES,
            **client_security(kafka),
        )

    async def start(self) -> None:
        """Connect; raises NoBroker."""
        try:
            await connect(self._producer)
        except Unreachable as error:
            raise NoBroker("no Kafka broker can be used") from error

    async def stop(self) -> None:
        """Send what is left and disconnect."""
        await self._producer.stop()

    async def enqueue(self, topic: str, partition: int, rows: Sequence[Row]) -> Awaitable[int]:
        """Take the rows in order; see `gateways.log.Log`."""
        name = self._prefix + topic
        sent: list[tuple[int, Awaitable[object]]] = []
        batch, count = self._producer.create_batch(), 0
        for row in rows:
            if batch.append(timestamp=None, key=row.key, value=row.value, headers=list(row.headers)) is None:
                sent.append((count, await self._producer.send_batch(batch, name, partition=partition)))
                batch, count = self._producer.create_batch(), 0
                batch.append(timestamp=None, key=row.key, value=row.value, headers=list(row.headers))
            count += 1
        sent.append((count, await self._producer.send_batch(batch, name, partition=partition)))
        return _end(sent)


async def _end(sent: Sequence[tuple[int, Awaitable[object]]]) -> int:
    """The offset after the last row, once every batch is acked."""
    end = -1
    for count, acked in sent:
        metadata = await acked
        end = metadata.offset + count  # type: ignore[attr-defined]  # aiokafka 0.14 does not type the future's result
    return end


def reader(kafka: Kafka, client_id: str) -> AIOKafkaConsumer:
    """A consumer without a group: it is told what to read, and commits nothing."""
    return AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers,
        client_id=client_id,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
        **client_security(kafka),
    )


def group_member(kafka: Kafka, group: str, name: str, session_seconds: float) -> AIOKafkaConsumer:
    """A static member of a group, which the range assignor gives the same partitions of all its topics."""
    return AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers,
        client_id=name,
        group_id=group,
        group_instance_id=name,
        partition_assignment_strategy=(RangePartitionAssignor,),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        heartbeat_interval_ms=HEARTBEAT_MS,
        session_timeout_ms=int(session_seconds * 1000),
        rebalance_timeout_ms=REBALANCE_MS,
        max_poll_interval_ms=NEVER_IDLE_MS,
        **client_security(kafka),
    )


async def read_to_end(kafka: Kafka, client_id: str, partition: TopicPartition, on_record: OnRecord) -> int:
    """Read a whole partition; the offset up to which it was read, which is its end at a moment during the call."""
    async with started(reader(kafka, client_id)) as consumer:
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end: int = (await consumer.end_offsets([partition]))[partition]
        read_at = time.monotonic()
        while await consumer.position(partition) < end:
            records = await consumer.getmany(partition, timeout_ms=READ_TIMEOUT_MS, max_records=READ_AT_ONCE)
            for record in records.get(partition, ()):
                on_record(record)
                read_at = time.monotonic()
            if time.monotonic() - read_at > STUCK_SECONDS:
                raise TimeoutError(f"{partition.topic}/{partition.partition}: no record before offset {end} arrives")
        return end
