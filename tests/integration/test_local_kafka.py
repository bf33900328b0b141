"""The local Kafka with a real broker."""

import asyncio
import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy import local_kafka
from deploy.local_kafka.errors import PortTaken
from tests.ports import free_port

TOPIC = "letters"
ANSWER_SECONDS = 60


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "kafka"
    local_kafka.stop(tmp_path / "kafka")


def settings() -> local_kafka.BrokerSettings:
    return local_kafka.BrokerSettings(port=free_port(), log_cleaner_backoff_ms=1000)


async def create_topic(bootstrap_servers: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def write(bootstrap_servers: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, enable_idempotence=True)
    await producer.start()
    try:
        await producer.send_and_wait(TOPIC, value)
    finally:
        await producer.stop()


async def read_first(bootstrap_servers: str) -> bytes | None:
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        record = await asyncio.wait_for(consumer.getone(), ANSWER_SECONDS)
    finally:
        await consumer.stop()
    value: bytes | None = record.value
    return value


async def test_what_was_written_is_there_after_a_stop_and_a_start_on_another_port(home: Path) -> None:
    first = await asyncio.to_thread(local_kafka.start, home, settings())
    await create_topic(first.bootstrap_servers)
    await write(first.bootstrap_servers, b"dear customer")
    assert await asyncio.to_thread(local_kafka.stop, home)
    again = await asyncio.to_thread(local_kafka.start, home, settings())
    assert again.port != first.port
    assert await read_first(again.bootstrap_servers) == b"dear customer"


def test_the_status_follows_the_broker(home: Path) -> None:
    assert local_kafka.status(home).running is None
    started = local_kafka.start(home, settings())
    seen = local_kafka.status(home)
    assert seen.is_serving
    assert seen.running is not None
    assert (seen.running.pid, seen.running.port) == (started.pid, started.port)
    assert local_kafka.stop(home)
    assert local_kafka.status(home).running is None
    assert not local_kafka.stop(home)


def test_starting_twice_gives_the_broker_that_runs(home: Path) -> None:
    first = local_kafka.start(home, settings())
    second = local_kafka.start(home, settings())
    assert not first.was_running
    assert second.was_running
    assert (second.pid, second.port) == (first.pid, first.port)


def test_a_killed_broker_is_noticed_and_starts_again(home: Path) -> None:
    first = local_kafka.start(home, settings())
    os.kill(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)
    assert local_kafka.status(home).running is None
    assert local_kafka.start(home, settings()).pid != first.pid


def test_a_broker_that_is_about_to_end_is_not_waited_for(home: Path) -> None:
    first = local_kafka.start(home, settings())
    os.kill(first.pid, signal.SIGKILL)
    again = local_kafka.start(home, settings())
    assert (again.was_running, again.pid != first.pid) == (False, True)


def test_a_taken_port_is_told_with_its_holder(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        sentence = rf"port {port} is taken by process {os.getpid()} \(.*\)\. .*choose another port"
        with pytest.raises(PortTaken, match=sentence):
            local_kafka.start(home, local_kafka.BrokerSettings(port=port))


def test_data_of_another_cluster_is_refused_with_advice(home: Path) -> None:
    local_kafka.start(home, settings())
    local_kafka.stop(home)
    meta = home / "data" / "meta.properties"
    meta.write_text(meta.read_text().replace("node.id=1", "node.id=2"))
    with pytest.raises(local_kafka.LocalKafkaError, match=re.escape(str(home / "data"))):
        local_kafka.start(home, settings())
    assert local_kafka.status(home).running is None


async def test_the_broker_of_the_test_run_answers(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        cluster = await admin.describe_cluster()
    finally:
        await admin.close()
    assert [broker["host"] for broker in cluster["brokers"]] == ["127.0.0.1"]
