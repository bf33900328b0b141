"""The journal: appends a unit's writes to the stage's changelog as one Kafka record batch, whole or not at all.

So state and source position are atomic without transactions. An append that does not land where this worker's state
ends means that somebody else wrote: one of the two no longer owns the partition, and both find out.

Each write says at which offset it has to stand. One that stands elsewhere is void: it was made from a state that was
not the newest, by a worker that had slept or lost its network while its partition got another owner. Whoever recovers
leaves it out, so that of two writers only one ever counts.
"""

import time
from collections.abc import Iterable
from struct import Struct

from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord

from streams.crash import Fatal
from streams.writes import Writes

_OFFSET_HEADER = "o"
_OFFSET = Struct(">q")


class Journal:
    """The changelog of one stage, as seen by the worker that writes it."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic

    async def append(self, partition: int, writes: Writes, expected: int) -> int:
        """Append and wait for all replicas in sync; return the offset of the last write."""
        now_ms = int(time.time() * 1000)
        batch = self._producer.create_batch()
        for offset, (key, value) in enumerate(writes.items(), expected):
            claim = [(_OFFSET_HEADER, _OFFSET.pack(offset))]
            if batch.append(timestamp=now_ms, key=key, value=value, headers=claim) is None:
                raise Fatal(f"a unit of {writes.size_bytes} bytes does not fit one record batch")
        batch.close()
        sent = await (await self._producer.send_batch(batch, self._topic, partition=partition))
        if sent.offset != expected:
            raise Fatal(
                f"{self._topic}/{partition}: wrote at {sent.offset}, not at {expected}; another worker wrote, too"
            )
        return expected + len(writes) - 1


def is_void(record: ConsumerRecord[bytes, bytes]) -> bool:
    """Whether a record of a changelog stands where it must not count."""
    return stands_elsewhere(record.headers, record.offset)


def stands_elsewhere(headers: Iterable[tuple[str, bytes]], offset: int) -> bool:
    """Whether these headers claim another offset than the one at which the record stands."""
    return any(name == _OFFSET_HEADER and _OFFSET.unpack(claimed)[0] != offset for name, claimed in headers)
