"""Why a command cannot use the broker, in errors that say what to do.

Unavailable             the broker cannot be used as this installation is set up
├── BrokerUnreachable   nothing answers
├── BrokerRefuses       something answers, and does not let us in as we come
├── NotAllowed          we are let in, and lack a right
└── TopicMissing        the topic was never made, or is hidden from this user
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from schemas.topics import Topic
from streams.reachability import why_closed
from tidings.config import Kafka
from tidings.kafka_clients import NOT_ALLOWED, not_allowed, started

_Client = TypeVar("_Client", AIOKafkaConsumer, AIOKafkaProducer, AIOKafkaAdminClient)


class Unavailable(ConnectionError):
    """The broker cannot be used as this installation is set up."""


class BrokerUnreachable(Unavailable):
    """Nothing answers at the bootstrap servers."""


class BrokerRefuses(Unavailable):
    """Something answers and does not let us in: the password, the certificate or the protocol is not what it wants."""


class NotAllowed(Unavailable):
    """This user lacks a right on a topic or group, which the message names."""


class TopicMissing(Unavailable):
    """The topic was never made, or this user may not see it: a broker does not tell which."""


@asynccontextmanager
async def let_in(client: _Client, kafka: Kafka) -> AsyncIterator[_Client]:
    """The client, connected inside the block; raises Unavailable, also for a right that it lacks there."""
    try:
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(started(client))
            except NOT_ALLOWED:
                raise
            except (KafkaError, OSError) as error:
                raise await not_let_in(kafka) from error
            yield client
    except NOT_ALLOWED as error:
        raise NotAllowed(not_allowed(error)) from error


def not_taken(topic: Topic, error: KafkaError) -> Unavailable:
    """Why a topic did not take a record."""
    if isinstance(error, NOT_ALLOWED):
        return NotAllowed(not_allowed(error))
    return BrokerUnreachable(f"Topic {topic.name} did not take a record: {error}")


async def not_let_in(kafka: Kafka) -> Unavailable:
    """Why no client can start, found out by knocking once more."""
    said = await why_closed(kafka)
    if said is not None:
        return BrokerRefuses(f"{said}.")
    return BrokerUnreachable(f"No Kafka broker answers at {kafka.bootstrap_servers} with {kafka.security_protocol}.")
