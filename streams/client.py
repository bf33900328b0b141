"""A small Kafka client for people's commands: publish and wait for the acks, read to the end, follow.

Workers and gateways do not use it: they have consumers of their own, with positions that outlive them.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, RecordMetadata

from schemas.clock import from_millis, to_millis
from schemas.faults import Fault, Refused
from schemas.topics import Topic
from streams.murmur import murmur2
from streams.unavailable import TopicMissing, Unavailable, let_in, not_taken
from tidings.config import Kafka
from tidings.progress import tell
from tidings.security import client_security

_RECORD_OVERHEAD_BYTES = 128
_REQUEST_LIMIT_BYTES = 17 * 1024 * 1024
_POLL_MS = 500
_STALL_POLLS = 40
"""After 20 s without a record a read gives up: the partition has lost its leader."""

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a record stands in the log; `at` is its timestamp there."""

    topic: str
    partition: int
    offset: int
    at: datetime

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One record as it stands in the log, not decoded; `position.topic` is the topic's name without any prefix."""

    position: Position
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class Publisher:
    """An idempotent producer that waits for all replicas; made by `publisher`."""

    def __init__(self, producer: AIOKafkaProducer, kafka: Kafka) -> None:
        self._producer = producer
        self._kafka = kafka

    async def send(
        self,
        topic: Topic,
        key: bytes | None,
        value: bytes | None,
        headers: Headers = (),
        *,
        partition: int | None = None,
    ) -> Position:
        """Append one record and wait until it is safe; raises Refused when it is over the topic's limit."""
        return await (await self.enqueue(topic, key, value, headers, partition=partition))

    async def send_at(
        self,
        now: datetime,
        topic: Topic,
        key: bytes | None,
        value: bytes,
        headers: Headers = (),
        *,
        partition: int | None = None,
    ) -> Position:
        """Append one record that bears a time of the sender's choice, as rehearsals do, and wait until it is safe."""
        name = self._kafka.topic_prefix + topic.name
        try:
            sent = await self._producer.send(
                name, value, key, partition=partition, timestamp_ms=to_millis(now), headers=list(headers)
            )
        except KafkaError as error:
            raise not_taken(topic, error) from error
        return await _acknowledged(topic, sent)

    async def enqueue(
        self,
        topic: Topic,
        key: bytes | None,
        value: bytes | None,
        headers: Headers = (),
        *,
        partition: int | None = None,
    ) -> Awaitable[Position]:
        """Take one record, in order; what is returned is done when the record is safe. Waits while buffers are full."""
        size_bytes = record_size_bytes(key, value, headers)
        if size_bytes > topic.max_bytes:
            reason = f"is {size_bytes:,} bytes; a record of topic {topic.name} may have {topic.max_bytes:,}"
            raise Refused(Fault(path="", reason=reason))
        try:
            name = self._kafka.topic_prefix + topic.name
            future = await self._producer.send(name, value, key, partition=partition, headers=list(headers))
        except KafkaError as error:
            raise not_taken(topic, error) from error
        return _acknowledged(topic, future)


async def _acknowledged(topic: Topic, future: Awaitable[RecordMetadata]) -> Position:
    try:
        sent = await future
    except KafkaError as error:
        raise not_taken(topic, error) from error
    return Position(topic=topic.name, partition=sent.partition, offset=sent.offset, at=from_millis(sent.timestamp))


def record_size_bytes(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """What a record takes in a request, at most and without compression."""
    named = sum(len(name.encode()) + len(content) + 10 for name, content in headers)
    return len(key or b"") + len(value or b"") + named + _RECORD_OVERHEAD_BYTES


def partition_of(key: bytes, partitions: int) -> int:
    """Kafka's own partitioner for records that have a key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


@asynccontextmanager
async def publisher(kafka: Kafka, *topics: Topic) -> AsyncIterator[Publisher]:
    """A publisher for these topics; raises Unavailable when the broker or one of them is not there."""
    made = AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers,
        client_id="tidings-publish",
        acks="all",
        enable_idempotence=True,
        compression_type="zstd",
        linger_ms=5,
        max_request_size=_REQUEST_LIMIT_BYTES,
        **client_security(kafka),
    )
    async with let_in(made, kafka) as producer:
        metadata = await producer.client.fetch_all_metadata()
        for topic in topics:
            _require(kafka, topic, metadata.topics())
        yield Publisher(producer, kafka)


async def read_to_end(
    kafka: Kafka, topic: Topic, *, key: bytes | None = None, since: datetime | None = None
) -> AsyncGenerator[Stored, None]:
    """All records of a topic up to its present end; with `key`, all of that key's partition. Tells of its progress."""
    async with consumer(kafka) as reading:
        partitions = await _partitions(reading, kafka, topic, key)
        reading.assign(partitions)
        ends = await reading.end_offsets(partitions)
        await _seek(reading, partitions, ends, since)
        begun = {each: await reading.position(each) for each in partitions}
        waiting = {each for each in partitions if begun[each] < ends[each]}
        total = sum(ends[each] - begun[each] for each in waiting)
        idle_polls = 0
        while waiting:
            batches = await reading.getmany(*waiting, timeout_ms=_POLL_MS)
            idle_polls = 0 if batches else idle_polls + 1
            if idle_polls > _STALL_POLLS:
                raise Unavailable(
                    f"Topic {topic.name} cannot be read to its end: partitions {_numbers(waiting)} stall."
                )
            for partition, records in batches.items():
                for record in records:
                    if record.offset < ends[partition]:
                        yield _stored(record, topic)
            left = {each: ends[each] - await reading.position(each) for each in waiting}
            waiting = {each for each in waiting if left[each] > 0}
            tell(f"Reading topic {topic.name}", total - sum(left[each] for each in waiting), total)


async def follow(kafka: Kafka, topic: Topic, *, from_beginning: bool = False) -> AsyncGenerator[Stored, None]:
    """The records of a topic as they come, without end."""
    async with consumer(kafka) as reading:
        partitions = await _partitions(reading, kafka, topic, None)
        reading.assign(partitions)
        if from_beginning:
            await reading.seek_to_beginning(*partitions)
        else:
            _go_to(reading, await reading.end_offsets(partitions))
        while True:
            for records in (await reading.getmany(timeout_ms=_POLL_MS)).values():
                for record in records:
                    yield _stored(record, topic)


@asynccontextmanager
async def consumer(kafka: Kafka) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group, which stores no position; raises Unavailable."""
    made = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers,
        client_id="tidings-read",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
        **client_security(kafka),
    )
    async with let_in(made, kafka):
        yield made


@asynccontextmanager
async def administration(kafka: Kafka) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client that looks at the cluster and changes it; raises Unavailable."""
    made = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers, **client_security(kafka))
    async with let_in(made, kafka):
        yield made


async def _partitions(
    consumer: AIOKafkaConsumer, kafka: Kafka, topic: Topic, key: bytes | None
) -> list[TopicPartition]:
    # The consumer's own view holds only topics it has subscribed to or asked about (aiokafka 0.14.0).
    metadata = await consumer._client.fetch_all_metadata()
    name = _require(kafka, topic, metadata.topics())
    numbers = sorted(metadata.partitions_for_topic(name) or ())
    if key is not None:
        numbers = [partition_of(key, len(numbers))]
    return [TopicPartition(name, number) for number in numbers]


async def _seek(
    consumer: AIOKafkaConsumer,
    partitions: list[TopicPartition],
    ends: Mapping[TopicPartition, int],
    since: datetime | None,
) -> None:
    if since is None:
        await consumer.seek_to_beginning(*partitions)
        return
    found = await consumer.offsets_for_times(dict.fromkeys(partitions, to_millis(since)))
    _go_to(consumer, {each: ends[each] if at is None else at.offset for each, at in found.items()})


def _go_to(consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]) -> None:
    """Go to offsets, never "to the end".

    A consumer asks by itself where its log begins. An answer that comes late takes one there that waits to hear where
    its log ends (aiokafka 0.14.0).
    """
    for partition, offset in offsets.items():
        consumer.seek(partition, offset)


def _require(kafka: Kafka, topic: Topic, present: set[str]) -> str:
    """Asked for by name, a topic that is missing would be made by brokers that make topics on their own."""
    name = kafka.topic_prefix + topic.name
    if name not in present:
        raise TopicMissing(f"The broker at {kafka.bootstrap_servers} has no topic {name}, or this user may not see it.")
    return name


def _stored(record: ConsumerRecord[bytes, bytes], topic: Topic) -> Stored:
    position = Position(
        topic=topic.name,
        partition=record.partition,
        offset=record.offset,
        at=from_millis(record.timestamp),
    )
    return Stored(position=position, key=record.key, value=record.value, headers=tuple(record.headers))


def _numbers(partitions: set[TopicPartition]) -> str:
    return ", ".join(str(each.partition) for each in sorted(partitions))
