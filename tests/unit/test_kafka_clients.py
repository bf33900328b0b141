"""Clients of Kafka are closed, also where their start fails."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError
from faust.types import TP

from gateways.kafka import read_to_end
from gateways.unsubscribe.server import publishing
from streams.departure import leave
from streams.gap import look
from streams.quiescence import quiescence
from streams.staleness import stale
from streams.ticker import tick_until_cancelled
from streams.topic_ids import topic_ids
from streams.topology import TOPOLOGY
from tidings.config import Installation, Kafka
from tidings.kafka_clients import refusal_in, require_groups

NOWHERE = Kafka(bootstrap_servers="127.0.0.1:1")
HERE = Installation(kafka=NOWHERE, home=Path("/nowhere"))
TP_0 = TP("events", 0)


async def publish() -> None:
    async with publishing(NOWHERE):
        pass


async def watch() -> None:
    async with quiescence(HERE, TOPOLOGY):
        pass


STARTS: dict[str, Callable[[], Awaitable[Any]]] = {
    "a gap is looked into": lambda: look(NOWHERE, TP_0, 0, 1),
    "state is looked at": lambda: stale(NOWHERE, {TP_0: 1}, datetime.now(UTC)),
    "a ledger is read": lambda: read_to_end(NOWHERE, "test", TopicPartition(*TP_0), lambda _: None),
    "ticks are sent": lambda: tick_until_cancelled(HERE),
    "clicks are published": publish,
    "rights are asked for": lambda: require_groups(NOWHERE, ["tidings-decide"]),
    "ids are asked for": lambda: topic_ids(NOWHERE, ["events"]),
    "a worker leaves": lambda: leave(HERE, ["decide"]),
    "workers are watched": watch,
}


@pytest.mark.parametrize("case", STARTS)
async def test_a_client_whose_broker_is_away_is_closed(case: str) -> None:
    left_open: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: left_open.append(context["message"]))
    with suppress(KafkaConnectionError, ConnectionError):
        await STARTS[case]()
    gc.collect()
    assert left_open == []


def test_a_right_that_is_missing_is_found_among_errors_that_came_together() -> None:
    refusal = TopicAuthorizationFailedError("ledger.email")
    others = ExceptionGroup("lanes", [OSError(), ExceptionGroup("ledger", [ValueError(), refusal])])
    assert refusal_in(others) is refusal
    assert refusal_in(ExceptionGroup("lanes", [OSError()])) is None
