"""Real objects of Faust and aiokafka that were never started, and speak to no broker."""

from pathlib import Path
from typing import Any

import faust
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from streams.app import App, build
from streams.batch import Batch
from streams.consumer import _message
from streams.readiness import Readiness
from tests.integration.streams.chimes import CHIMES
from tidings.config import Installation, Worker

EVENTS = TP("events", 0)
RAW: dict[str, Any] = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}


def ours(home: Path) -> App:
    """An app of the engine."""
    return build(CHIMES, Installation(home=home, worker=Worker(name="w1")), Readiness("w1", [CHIMES.name]))


def stock(home: Path, **settings: Any) -> faust.App:
    """An app as Faust makes it."""
    return faust.App("stock", broker="kafka://127.0.0.1:1", datadir=str(home), **settings)


def records(first: int, count: int) -> list[ConsumerRecord[bytes, bytes]]:
    return [
        ConsumerRecord(
            topic=EVENTS.topic,
            partition=EVENTS.partition,
            offset=offset,
            timestamp=0,
            timestamp_type=1,
            key=b"k",
            value=b"v",
            checksum=None,
            serialized_key_size=1,
            serialized_value_size=1,
            headers=(),
        )
        for offset in range(first, first + count)
    ]


def batch_of(app: faust.App, first: int, count: int) -> Batch:
    return Batch(tp=EVENTS, records=records(first, count), generation=app.consumer_generation_id)


class Opened:
    """A stream of topic events, as an agent reads it, and the line into it."""

    def __init__(self, app: faust.App) -> None:
        flow: Any = app.flow_control
        flow.resume()
        conductor: Any = app.topics
        conductor._acking_topics.add(EVENTS.topic)
        self.topic: Any = app.topic(EVENTS.topic, **RAW)
        self.stream: Any = app.stream(self.topic)

    async def put(self, batch: Batch) -> Any:
        """Deliver a batch as the conductor does; returns Faust's message."""
        message: Any = _message(batch)
        message.incref(1)
        self.stream.channel.queue.put_nowait(await self.topic.decode(message, propagate=True))
        return message
