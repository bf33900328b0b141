"""The watch over a gateway: once a second, what is in hand, what waits in Kafka, and what keeps it from its work."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError

from gateways.work import Load
from tidings.health import Health
from tidings.metrics import GatewayMetrics

LOOK_SECONDS = 1.0


class Loaded(Protocol):
    """Who has messages in hand."""

    @property
    def load(self) -> Load:
        """What is in hand just now."""


class Fresh(Protocol):
    """The consents of the assigned partitions."""

    def is_fresh(self, partition: int) -> bool:
        """Whether the view had read all there was a moment ago."""


class Watch:
    """Looks at one gateway; `sources` gives the topic partitions that are open."""

    def __init__(
        self,
        *,
        desk: Loaded,
        consents: Fresh,
        consumer: AIOKafkaConsumer,
        sources: Callable[[], Iterable[TopicPartition]],
        metrics: GatewayMetrics,
        health: Health,
    ) -> None:
        self._desk, self._consents, self._consumer, self._sources = desk, consents, consumer, sources
        self._metrics = metrics
        self._health = health

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self._health.turned()
            load = self._desk.load
            self._metrics.load(in_flight=load.in_flight, waiting=load.waiting, is_resting=load.is_resting)
            open_now = tuple(self._sources())
            self._look_at_consents({tp.partition for tp in open_now})
            behind = {(tp.topic, tp.partition): await self._backlog(tp) for tp in open_now}
            self._metrics.backlog({place: count for place, count in behind.items() if count is not None})
            await asyncio.sleep(LOOK_SECONDS)

    def _look_at_consents(self, partitions: Iterable[int]) -> None:
        stale = sorted(number for number in partitions if not self._consents.is_fresh(number))
        if stale:
            self._health.waits("consents", f"what was last read of partitions {stale} is too old to send on")
        else:
            self._health.works("consents")

    async def _backlog(self, tp: TopicPartition) -> int | None:
        try:
            end = self._consumer.highwater(tp)
            return None if end is None else max(0, end - await self._consumer.position(tp))
        except IllegalStateError:  # a rebalance has just taken it
            return None
