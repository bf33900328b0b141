"""The ticker: one tick per partition and second, from which all timers fire.

The tick's time is the broker's, so any number of tickers agree; one that fails is made good by the next tick.
"""

import asyncio
import logging

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas import wire
from schemas.tick import Tick
from schemas.topics import PARTITIONS, TICKS
from streams.naming import topic_name
from tidings import metrics
from tidings.config import Installation
from tidings.health import Health
from tidings.kafka_clients import NOT_ALLOWED, not_allowed, started
from tidings.security import client_security

log = logging.getLogger(__name__)

_SUBJECT = "ticks"


async def tick_until_cancelled(installation: Installation, health: Health | None = None) -> None:
    """Tick in the installation's interval; a broker that is away for a while is waited for, and `health` says so.

    Raises Unreachable when no broker can be used at the start, PermissionError where the user may not write ticks.
    """
    health = health or Health()
    health.waits(_SUBJECT, "none was sent yet")
    made = AIOKafkaProducer(
        bootstrap_servers=installation.kafka.bootstrap_servers,
        client_id="tidings-ticker",
        acks="all",
        **client_security(installation.kafka),
    )
    async with started(made) as producer:
        while True:
            failure = await _tick(producer, installation)
            health.turned()
            if failure is None:
                health.works(_SUBJECT)
            else:
                health.waits(_SUBJECT, f"the last one was not sent: {failure}")
            await asyncio.sleep(installation.worker.tick_interval_seconds)


async def _tick(producer: AIOKafkaProducer, installation: Installation) -> KafkaError | None:
    topic = topic_name(installation, TICKS.name)
    value = wire.encode(Tick(ticker=installation.worker.name)).value
    sent = (producer.send_and_wait(topic, value, partition=number) for number in range(PARTITIONS))
    for failure in await asyncio.gather(*sent, return_exceptions=True):
        if isinstance(failure, NOT_ALLOWED):
            raise PermissionError(not_allowed(failure))
        if isinstance(failure, KafkaError):
            log.warning("a tick was not sent: %s", failure)
            return failure
        if isinstance(failure, BaseException):
            raise failure
    metrics.ticked()
    return None
