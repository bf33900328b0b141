"""What the engine needs of Faust's producer and of aiokafka's batches."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords

from streams.transport import Producer
from tests.contracts.rig import ours, stock
from tests.contracts.upgrade import promised, still_needed

_ALL = -1


async def test_the_producer_is_idempotent_and_waits_for_all_replicas(tmp_path: Path) -> None:
    producer: Any = ours(tmp_path).producer
    made = producer._new_producer()
    promised(
        isinstance(producer, Producer) and made._sender._acks == _ALL and made._txn_manager is not None,
        "that Faust gives _settings_extra to aiokafka, which then retries without doubling and waits for all replicas.",
        "streams.transport.Producer",
    )
    await made.stop()


async def test_the_producer_sends_batches_at_once_and_as_large_as_a_unit(tmp_path: Path) -> None:
    made = ours(tmp_path).producer._new_producer()  # type: ignore[attr-defined]  # the driver's
    promised(
        (made._message_accumulator._linger_time, made._message_accumulator._batch_size) == (0, 1_000_000),
        "that the settings producer_linger and producer_max_batch_size reach aiokafka.",
        "streams.app._SETTINGS and streams.unit_of_work.WRITES_LIMIT_BYTES",
    )
    await made.stop()


async def test_stock_faust_is_not_idempotent(tmp_path: Path) -> None:
    producer: Any = stock(tmp_path, processing_guarantee="at_least_once").producer
    still_needed(
        dict(producer._settings_extra()) == {},
        "Faust's producer is idempotent within its own transactions only.",
        "streams.transport.Producer._settings_extra",
    )


async def test_the_engine_finds_aiokafkas_producer_in_fausts(tmp_path: Path) -> None:
    app = ours(tmp_path)
    promised(
        hasattr(type(app.producer), "_producer") and isinstance(app.producer, Producer),
        "that Faust's producer keeps aiokafka's in _producer.",
        "streams.app._runner",
    )


async def test_a_batch_refuses_what_does_not_fit() -> None:
    producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1", max_batch_size=1_000)
    batch = producer.create_batch()
    first = batch.append(timestamp=0, key=b"k", value=b"v" * 600)
    second = batch.append(timestamp=0, key=b"k", value=b"v" * 600)
    promised(
        (first is not None, second) == (True, None),
        "that a batch answers None to a record that does not fit, and keeps those that do.",
        "streams.journal.Journal.append and streams.outbox.Outbox.send",
    )
    await producer.stop()


@asynccontextmanager
async def _topic(bootstrap_servers: str, **configs: str) -> AsyncIterator[tuple[str, AIOKafkaProducer]]:
    """A topic of one partition, and a producer with the engine's settings."""
    name = f"contract-{uuid.uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1, topic_configs=configs)])
    finally:
        await admin.close()
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=True, linger_ms=0, compression_type="zstd"
    )
    await producer.start()
    try:
        yield name, producer
    finally:
        await producer.stop()


async def _batches(bootstrap_servers: str, topic: str) -> list[tuple[int, int]]:
    """The record batches in the log: base offset and count."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap_servers)
    await client.bootstrap()
    try:
        await client._wait_on_metadata(topic)
        [node] = client.cluster.brokers()
        request = FetchRequest(100, 1, 1 << 20, 0, [(topic, [(0, 0, 1 << 20)])])
        answer = await client.send(node.nodeId, request)
        log = MemoryRecords(answer.topics[0][1][0][-1])
        found = []
        while log.has_next():
            offsets = [record.offset for record in log.next_batch()]
            found.append((offsets[0], len(offsets)))
        return found
    finally:
        await client.close()


async def test_a_batch_is_one_record_batch_in_the_log(kafka: str) -> None:
    async with _topic(kafka) as (topic, producer):
        for count in (3, 500):
            batch = producer.create_batch()
            for number in range(count):
                batch.append(timestamp=0, key=b"k%d" % number, value=b"v")
            batch.close()
            sent = await (await producer.send_batch(batch, topic, partition=0))
            where = "streams.journal.Journal.append, on which the atomicity of a unit of work rests,"
            promised(sent.offset == (0 if count == 3 else 3), "that an ack says where a batch begins.", where)
        promised(
            await _batches(kafka, topic) == [(0, 3), (3, 500)],
            "that send_batch appends one record batch, which a broker takes whole or not at all.",
            where,
        )


async def test_batches_of_one_partition_keep_their_order(kafka: str) -> None:
    async with _topic(kafka) as (topic, producer):
        acks = []
        for number in range(20):
            batch = producer.create_batch()
            batch.append(timestamp=0, key=b"k", value=b"%d" % number)
            acks.append(await producer.send_batch(batch, topic, partition=0))
        offsets = [sent.offset for sent in await asyncio.gather(*acks)]
        promised(
            offsets == list(range(20)),
            "that batches come to stand in the order in which they were sent.",
            "streams.outbox.Outbox.send, whose order per key rests on it,",
        )


async def test_a_batch_that_the_broker_refuses_raises(kafka: str) -> None:
    async with _topic(kafka, **{"max.message.bytes": "1000"}) as (topic, producer):
        batch = producer.create_batch()
        for number in range(2_000):
            batch.append(timestamp=0, key=b"k%d" % number, value=uuid.uuid4().bytes)
        try:
            await (await producer.send_batch(batch, topic, partition=0))
        except MessageSizeTooLargeError:
            return
        pytest.fail(
            "The upgrade endangers this: that a refused batch raises when its ack is awaited. "
            "Mend streams.journal and streams.outbox before you take the new version."
        )
