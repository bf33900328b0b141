"""What workers, gateways and commands alike know of Kafka's clients: closing them, and the rights they may lack."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    KafkaConnectionError,
    TopicAuthorizationFailedError,
)

from tidings.config import Kafka
from tidings.security import client_security

NOT_ALLOWED = (ClusterAuthorizationFailedError, GroupAuthorizationFailedError, TopicAuthorizationFailedError)
"""What the broker answers to a user who lacks a right; to start again is in vain."""

_Client = TypeVar("_Client", AIOKafkaConsumer, AIOKafkaProducer, AIOKafkaAdminClient)


class Unreachable(KafkaConnectionError):  # type: ignore[misc]  # aiokafka is untyped
    """No broker answers a client that starts, or none that lets it in."""


def refusal_in(error: BaseException) -> BaseException | None:
    """That a right is missing, where an error says so, or one of those that came together."""
    if isinstance(error, BaseExceptionGroup):
        return next((found for each in error.exceptions if (found := refusal_in(each))), None)
    return error if isinstance(error, NOT_ALLOWED) else None


def not_allowed(error: BaseException) -> str:
    """In words for whoever gives out rights."""
    # What an idempotent producer is told that may write nowhere: there is no topic in it.
    missing = "no right to write to any topic" if isinstance(error, ClusterAuthorizationFailedError) else error
    return f"the broker does not allow it ({missing}): `docs/reference/rights.md` lists the rights of each process"


async def connect(client: AIOKafkaConsumer | AIOKafkaProducer | AIOKafkaAdminClient) -> None:
    """Start a client; raises Unreachable. Whoever made it closes it then, for it may hold connections."""
    try:
        await client.start()
    except KafkaConnectionError as error:
        raise Unreachable("no Kafka broker can be used") from error


@asynccontextmanager
async def started(client: _Client) -> AsyncIterator[_Client]:
    """The client, connected inside the block; one whose start fails is closed, too, for it may hold connections."""
    close = client.close if isinstance(client, AIOKafkaAdminClient) else client.stop
    try:
        await connect(client)
        yield client
    finally:
        await close()


async def require_groups(kafka: Kafka, groups: Iterable[str]) -> None:
    """Raises GroupAuthorizationFailedError with the name of a group which this user would wait for in silence."""
    made = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers, **client_security(kafka))
    async with started(made) as admin:
        for group in groups:
            try:
                await admin.find_coordinator(group)
            except GroupAuthorizationFailedError:
                raise GroupAuthorizationFailedError(group) from None
            except GroupCoordinatorNotAvailableError:  # a new cluster makes the topic for positions when first asked
                continue
