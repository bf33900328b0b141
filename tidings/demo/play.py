"""Plays a day on a running installation: publishes it in order and tells of everything that comes of it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager

from schemas import wire
from schemas.consent import Consent
from schemas.faults import Unreadable
from schemas.json_text import json_to_text
from schemas.state import TenantSettings
from schemas.topics import CONSENTS, DEAD_LETTERS, DECISIONS, EVENTS, SETTINGS, STATUSES, Topic
from streams.client import Publisher, follow, publisher
from tidings.config import Kafka
from tidings.demo.happening import Day, Happening

_STRUCTURED = (("content-type", b"application/cloudevents+json"),)

_SPREAD_SECONDS = 0.5
"""Settings reach the workers' copies a few milliseconds after their topic."""

OnRecord = Callable[[object], None]


@asynccontextmanager
async def told(kafka: Kafka, on_record: OnRecord) -> AsyncGenerator[None, None]:
    """Inside the block, `on_record` is given every decision, status and dead letter there is and that comes."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_tell(kafka, topic, on_record)) for topic in (DECISIONS, STATUSES, DEAD_LETTERS)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def play(kafka: Kafka, day: Day) -> None:
    """Publish what tenants are like, then who their clients are, then what happens; each when the former is known.

    Settings and opt-outs take other ways through the topics than orders do, and might be overtaken.
    """
    async with publisher(kafka, EVENTS) as publishing:
        await _publish(publishing, day.tenants)
        await _until_seen(kafka, SETTINGS, {each.tenant for each in day.tenants})
        await asyncio.sleep(_SPREAD_SECONDS)
        await _publish(publishing, day.clients)
        await _until_seen(kafka, CONSENTS, {day.opted_out_address})
        await _publish(publishing, day.happenings)


async def _publish(publishing: Publisher, happenings: Iterable[Happening]) -> None:
    for happening in happenings:
        await publishing.send(EVENTS, happening.key.encode(), *_record(happening))


def _record(happening: Happening) -> tuple[bytes, tuple[tuple[str, bytes], ...]]:
    """A broken event goes as it is, as an upstream system without our checks would send it."""
    if happening.is_broken:
        return json_to_text(happening.event).encode(), _STRUCTURED
    encoded = wire.encode(wire.event_from_mapping(happening.event))
    return encoded.value, encoded.headers


async def _until_seen(kafka: Kafka, topic: Topic, waiting: set[str]) -> None:
    async with aclosing(_records(kafka, topic)) as records:
        async for record in records:
            if isinstance(record, TenantSettings):
                waiting.discard(record.tenant)
            elif isinstance(record, Consent) and record.opted_out:
                waiting.discard(record.address)
            if not waiting:
                return


async def _tell(kafka: Kafka, topic: Topic, on_record: OnRecord) -> None:
    async for record in _records(kafka, topic):
        on_record(record)


async def _records(kafka: Kafka, topic: Topic) -> AsyncGenerator[object, None]:
    async with aclosing(follow(kafka, topic, from_beginning=True)) as stored_records:
        async for stored in stored_records:
            try:
                yield wire.decode(topic, stored.key, stored.value, stored.headers)
            except Unreadable:
                continue
