"""The watch over a gateway: once a second, what is in hand, what waits in Kafka, and what keeps it from its work.

It also warns early when the sender is too slow for what waits (`gateways.forecast`).
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError

from gateways.forecast import Forecast, Outlook
from gateways.work import Load
from schemas.clock import rfc3339
from tidings.health import Health
from tidings.metrics import GatewayMetrics

LOOK_SECONDS = 1.0

log = structlog.get_logger("gateways")


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
        forecast: Forecast,
    ) -> None:
        self._desk, self._consents, self._consumer, self._sources = desk, consents, consumer, sources
        self._metrics = metrics
        self._health = health
        self._forecast = forecast
        self._was_late = False

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
            waiting = load.waiting + load.in_flight + sum(count or 0 for count in behind.values())
            self.warn(self._forecast.look(waiting), waiting)
            await asyncio.sleep(LOOK_SECONDS)

    def warn(self, outlook: Outlook | None, waiting: int) -> None:
        """Show the outlook, and say once when it turns bad and once when it is good again."""
        if outlook is None:
            return
        seconds, late = outlook.clears_in.total_seconds(), outlook.too_late_for
        self._metrics.outlook(clear_seconds=seconds, is_too_slow=late is not None)
        if late is not None and not self._was_late:
            log.warning(
                "the sender is too slow for what waits",
                waiting=waiting,
                per_second=round(outlook.per_second, 1),
                clear_seconds=round(seconds),
                useful_until=rfc3339(late),
            )
        elif late is None and self._was_late:
            log.info("the sender is fast enough again", waiting=waiting, clear_seconds=round(seconds))
        self._was_late = late is not None

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
