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
from tidings.config import Installation
from tidings.security import client_security

log = logging.getLogger(__name__)


async def tick_until_cancelled(installation: Installation) -> None:
    """Tick in the installation's interval; a broker that is away for a while is waited for."""
    producer = AIOKafkaProducer(
        bootstrap_servers=installation.kafka.bootstrap_servers,
        client_id="tidings-ticker",
        acks="all",
        **client_security(installation.kafka),
    )
    await producer.start()
    try:
        while True:
            await _tick(producer, installation)
            await asyncio.sleep(installation.worker.tick_interval_seconds)
    finally:
        await producer.stop()


async def _tick(producer: AIOKafkaProducer, installation: Installation) -> None:
    topic = topic_name(installation, TICKS.name)
    value = wire.encode(Tick(ticker=installation.worker.name)).value
    sent = (producer.send_and_wait(topic, value, partition=number) for number in range(PARTITIONS))
    for failure in await asyncio.gather(*sent, return_exceptions=True):
        if isinstance(failure, KafkaError):
            log.warning("a tick was not sent: %s", failure)
            return
        if isinstance(failure, BaseException):
            raise failure
