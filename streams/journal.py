"""The journal: appends a unit's writes to the stage's changelog as one Kafka record batch, whole or not at all.

So state and source position are atomic without transactions. An append that does not land where this worker's state
ends means that somebody else wrote: one of the two no longer owns the partition, and both find out.
"""

import time

from aiokafka import AIOKafkaProducer

from streams.crash import Fatal
from streams.writes import Writes


class Journal:
    """The changelog of one stage, as seen by the worker that writes it."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic

    async def append(self, partition: int, writes: Writes, expected: int) -> int:
        """Append and wait for all replicas in sync; return the offset of the last write."""
        now_ms = int(time.time() * 1000)
        batch = self._producer.create_batch()
        for key, value in writes.items():
            if batch.append(timestamp=now_ms, key=key, value=value) is None:
                raise Fatal(f"a unit of {writes.size_bytes} bytes does not fit one record batch")
        batch.close()
        sent = await (await self._producer.send_batch(batch, self._topic, partition=partition))
        if sent.offset != expected:
            raise Fatal(
                f"{self._topic}/{partition}: wrote at {sent.offset}, not at {expected}; another worker wrote, too"
            )
        return expected + len(writes) - 1
