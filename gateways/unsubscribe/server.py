"""`tidings gateway unsubscribe`: takes clicks from the outside and publishes them, until it is told to stop."""

import asyncio
import contextlib
import signal
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import structlog
import uvicorn
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from gateways.unsubscribe.keys import Keys, keys_of
from gateways.unsubscribe.page import Publish, application
from schemas import wire
from schemas.envelope import Event
from schemas.events.contacts import UnsubscribeClicked
from schemas.topics import EVENTS
from schemas.unsubscribe import Token
from tidings.config import Installation, Kafka
from tidings.health import Health
from tidings.health_endpoint import PortTaken
from tidings.kafka_clients import NOT_ALLOWED, not_allowed, started
from tidings.security import client_security
from tidings.stopping import WORKER_STOP_SECONDS, end_within

SOURCE = "/tidings/unsubscribe"
ANSWER_SECONDS = 10.0
"""How long a click waits for the broker before its sender is asked to try again."""

HEALTH_SECONDS = 1.0

log = structlog.get_logger("gateways")


class _Web(uvicorn.Server):
    """uvicorn without its signal handlers: whoever runs the page ends it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(installation: Installation, health: Health, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is told the address.

    Raises PortTaken, Refused, Unreachable; PermissionError where the user may not write events.
    """
    stop = asyncio.Event()
    refused: list[PermissionError] = []
    loop = asyncio.get_running_loop()

    def stop_now() -> None:
        end_within(WORKER_STOP_SECONDS, "unsubscribe page")
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop_now)

    async def publish_or_end(token: Token, text: str) -> None:
        try:
            await publish(token, text)
        except PermissionError as error:
            refused.append(error)
            stop.set()
            raise ConnectionError(str(error)) from error  # whoever clicked is asked to try again

    keys = keys_of(installation)
    async with publishing(installation.kafka) as publish, serving(installation, keys, publish_or_end) as address:
        ready(address)
        while not stop.is_set():
            health.turned()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEALTH_SECONDS):
                    await stop.wait()
    if refused:
        raise refused[0]


@asynccontextmanager
async def serving(installation: Installation, keys: Keys, publish: Publish) -> AsyncIterator[str]:
    """Serve the page inside the block, which is given its address; raises PortTaken."""
    settings = installation.unsubscribe
    try:
        bound = socket.create_server((settings.host, settings.port))
    except OSError as error:
        place = f"{settings.host}:{settings.port}"
        raise PortTaken(f"the unsubscribe page cannot be served at {place}: {error.strerror or error}") from error
    web = _Web(
        uvicorn.Config(
            application(keys, publish, lambda: datetime.now(UTC).date()),
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=2,
        )
    )
    running = asyncio.create_task(web.serve(sockets=[bound]))
    try:
        yield f"http://{settings.host}:{bound.getsockname()[1]}/"
    finally:
        web.should_exit = True
        await running


@asynccontextmanager
async def publishing(kafka: Kafka) -> AsyncIterator[Publish]:
    """What publishes `unsubscribe.clicked` and waits for the acks; raises Unreachable when no broker answers.

    PermissionError, here and when publishing, is raised where the user may not write events.
    """
    made = AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers,
        client_id="tidings-unsubscribe",
        enable_idempotence=True,
        acks="all",
        **client_security(kafka),
    )
    async with AsyncExitStack() as stack:
        try:
            producer = await stack.enter_async_context(started(made))
        except NOT_ALLOWED as error:
            raise PermissionError(not_allowed(error)) from error
        yield _publish_by(producer, kafka.topic_prefix + EVENTS.name)


def _publish_by(producer: AIOKafkaProducer, topic: str) -> Publish:
    async def publish(token: Token, text: str) -> None:
        event = clicked(token, text)
        sent = wire.encode(event)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await producer.send_and_wait(topic, sent.value, event.key.encode(), headers=list(sent.headers))
        except NOT_ALLOWED as error:
            raise PermissionError(not_allowed(error)) from error
        except (KafkaError, TimeoutError) as error:
            raise ConnectionError(f"topic {EVENTS.name} did not take the event: {error!r}") from error
        log.info("unsubscribed", tenant=token.tenant, message=token.message_id)

    return publish


def clicked(token: Token, text: str) -> Event:
    """The event of a click. Each click is one: whoever opted in since may click the same link again."""
    return Event(
        id=uuid.uuid4().hex,
        source=SOURCE,
        type="unsubscribe.clicked",
        tenant=token.tenant,
        subject="",
        time=datetime.now(UTC),
        data=UnsubscribeClicked(token=text),
    )
