"""The outbox: sends a unit's outputs and waits until all replicas in sync have them.

Kafka takes a unit's outputs before its state, so a crash in between repeats them, with identical content, and never
loses them. Per key they stay in order.
"""

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from schemas.topics import PARTITIONS
from streams.client import partition_of
from streams.crash import Fatal
from streams.unit_of_work import Output

_partition = lru_cache(maxsize=1 << 16)(partition_of)


class Outbox:
    """Fills whole batches itself, one per topic and partition: a `send` per record would cost five times as much."""

    def __init__(self, producer: AIOKafkaProducer, topic_prefix: str) -> None:
        self._producer = producer
        self._prefix = topic_prefix

    async def send(self, outputs: Sequence[Output]) -> None:
        """Return when all are acknowledged; raise when one was not."""
        batches: dict[tuple[str, int], BatchBuilder] = {}
        sent: list[asyncio.Future[object]] = []
        for output in outputs:
            place = (output.topic, _partition(output.key, PARTITIONS))
            batch = batches.get(place)
            if batch is None or not _append(batch, output):
                if batch is not None:
                    sent.append(await self._submit(place, batch))
                batch = batches[place] = self._producer.create_batch()
                if not _append(batch, output):
                    raise Fatal(f"a record of {output.size_bytes} bytes for {output.topic} does not fit a batch")
        sent += [await self._submit(place, batch) for place, batch in batches.items()]
        await asyncio.gather(*sent)

    async def _submit(self, place: tuple[str, int], batch: BatchBuilder) -> asyncio.Future[object]:
        batch.close()
        topic, partition = place
        sent: asyncio.Future[object] = await self._producer.send_batch(batch, self._prefix + topic, partition=partition)
        return sent


def _append(batch: BatchBuilder, output: Output) -> bool:
    appended = batch.append(
        timestamp=output.timestamp_ms, key=output.key, value=output.value, headers=list(output.headers)
    )
    return appended is not None
