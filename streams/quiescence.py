"""Quiescence: when the workers of some stages have done everything that was put in, and all that followed from it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.topics import PARTITIONS
from streams.naming import app_id, topic_name
from streams.stage import Stage
from tidings.config import Installation
from tidings.kafka_clients import started
from tidings.security import client_security

_LOOK_SECONDS = 0.05
_COPY_SECONDS = 0.2
"""What a full copy may need to show an append; nothing tells when it did."""


class NotQuiet(TimeoutError):
    """The workers did not come to rest in time; the message names where work is left."""


class Quiescence:
    """Compares what the stages have committed with the ends of what they read; made by `quiescence`."""

    def __init__(
        self,
        admin: AIOKafkaAdminClient,
        consumer: AIOKafkaConsumer,
        sources: Mapping[str, list[TopicPartition]],
        copied: list[TopicPartition],
    ) -> None:
        self._admin = admin
        self._consumer = consumer
        self._sources = sources
        self._copied = copied
        self._all = list({each for partitions in (*sources.values(), copied) for each in partitions})
        self._copied_ends: dict[TopicPartition, int] = {}

    async def wait(self, *, timeout_seconds: float, check: Callable[[], None]) -> None:
        """Return when nothing is left to do, seen twice in a row; `check` is called at each look and may raise."""
        quiet_looks = 0
        left = ""
        try:
            async with asyncio.timeout(timeout_seconds):
                while quiet_looks < 2:
                    check()
                    left = await self._left()
                    quiet_looks = 0 if left else quiet_looks + 1
                    await asyncio.sleep(_LOOK_SECONDS)
                await self._let_copies_follow()
        except TimeoutError:
            raise NotQuiet(f"after {timeout_seconds:g} s there is work left: {left}") from None

    async def _left(self) -> str:
        """The first partition with work left. What is committed is asked first: outputs are there before commits."""
        committed = {group: await self._admin.list_consumer_group_offsets(group) for group in self._sources}
        ends = await self._consumer.end_offsets(self._all)
        for group, partitions in self._sources.items():
            for partition in partitions:
                known = committed[group].get(partition)
                done = max(known.offset, 0) if known is not None else 0
                if done != ends[partition]:
                    return f"{group} has done {done} of {ends[partition]} of {partition.topic}/{partition.partition}"
        return ""

    async def _let_copies_follow(self) -> None:
        ends = await self._consumer.end_offsets(self._copied) if self._copied else {}
        if ends != self._copied_ends:
            self._copied_ends = ends
            await asyncio.sleep(_COPY_SECONDS)


@asynccontextmanager
async def quiescence(installation: Installation, stages: Iterable[Stage]) -> AsyncIterator[Quiescence]:
    """Watches the groups of these stages."""
    stages = tuple(stages)
    servers, security = installation.kafka.bootstrap_servers, client_security(installation.kafka)
    sources = {app_id(installation, stage.name): _partitions(installation, stage.reads) for stage in stages}
    copied = _partitions(installation, {topic for stage in stages for topic in stage.shared})
    async with (
        started(AIOKafkaAdminClient(bootstrap_servers=servers, **security)) as admin,
        started(AIOKafkaConsumer(bootstrap_servers=servers, group_id=None, **security)) as consumer,
    ):
        yield Quiescence(admin, consumer, sources, copied)


def _partitions(installation: Installation, topics: Iterable[str]) -> list[TopicPartition]:
    return [TopicPartition(topic_name(installation, topic), number) for topic in topics for number in range(PARTITIONS)]
