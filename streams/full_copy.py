"""A full copy of a compacted topic, read to its end before a stage starts and then followed.

A look-up costs a dict access; an update is seen within milliseconds of its append. Each record is decoded once. The
copy changes only between two records of a stage, never while a function runs.
"""

import asyncio
import logging
from collections.abc import Mapping
from itertools import islice

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from schemas import wire
from schemas.faults import Refused
from schemas.topics import PARTITIONS, Topic
from streams.crash import die
from streams.naming import topic_name
from tidings.config import Installation
from tidings.security import client_security

log = logging.getLogger(__name__)

_FETCH_WAIT_MS = 250
_POLL_MS = 1000
_POLL_RECORDS = 5000


class FullCopy:
    """One topic as a map from key to its newest record; a record that cannot be read leaves the one before it."""

    def __init__(self, topic: Topic, installation: Installation) -> None:
        self._topic = topic
        self._name = topic_name(installation, topic.name)
        self._kafka = installation.kafka
        self._records: dict[str, object] = {}
        self._changed: dict[str, None] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._following: asyncio.Task[None] | None = None

    @property
    def topic(self) -> Topic:
        """The topic as the catalogue has it."""
        return self._topic

    @property
    def name(self) -> str:
        """The topic as the broker knows it."""
        return self._name

    @property
    def records(self) -> Mapping[str, object]:
        """The live map; it changes under whoever awaits."""
        return self._records

    def take_changed(self, most: int) -> list[str]:
        """Up to so many keys whose records have changed since they were taken, oldest first."""
        taken = list(islice(self._changed, most))
        for key in taken:
            del self._changed[key]
        return taken

    async def start(self) -> None:
        """Return when everything that was in the topic at this moment has been read; then follow it."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._kafka.bootstrap_servers,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=_POLL_RECORDS,
            fetch_max_wait_ms=_FETCH_WAIT_MS,
            **client_security(self._kafka),
        )
        self._consumer = consumer
        await consumer.start()
        partitions = [TopicPartition(self._name, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            await self._read(consumer)
        log.info("full copy of %s: %s records", self._name, len(self._records))
        self._following = asyncio.create_task(self._follow(consumer))

    async def stop(self) -> None:
        """Stop following, however far the start has come."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
        if self._consumer is not None:
            await self._consumer.stop()

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        try:
            while True:
                await self._read(consumer)
        except Exception as error:  # noqa: BLE001 - die reports it
            die(f"the full copy of {self._name} cannot be followed", error)

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        for records in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
            for record in records:
                self._apply(record)

    def _apply(self, record: ConsumerRecord[bytes, bytes]) -> None:
        try:
            key = (record.key or b"").decode()
            if record.value is None:
                self._records.pop(key, None)
            else:
                self._records[key] = wire.decode(self._topic, record.key, record.value, record.headers)
            self._changed[key] = None
        except (Refused, UnicodeDecodeError) as error:
            log.error("%s/%s/%s cannot be read: %s", self._name, record.partition, record.offset, error)
