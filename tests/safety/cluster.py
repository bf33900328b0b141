"""A model of Kafka: partitions that take whole batches, refuse when told to, and see a process crash at any append."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import ConsumerRecord
from faust.types import TP

Row = tuple[int, bytes | None, bytes | None, Sequence[tuple[str, bytes]]]


class Crashed(RuntimeError):
    """The process ended here, as far as the broker can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """Where a batch came to stand."""

    offset: int


class ModelBatch:
    """What aiokafka's BatchBuilder is to the engine."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def append(
        self,
        *,
        timestamp: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> object:
        """Take a record; there is always room."""
        self.rows.append((timestamp, key, value, headers))
        return self

    def close(self) -> None:
        """Nothing more will come."""


@dataclass(slots=True, kw_only=True)
class Cluster:
    """`crash_at` is the number of the append at which the process ends, before it or, with `crash_after`, past it."""

    crash_at: int | None = None
    crash_after: bool = False
    refused: Counter[str] = field(default_factory=Counter)
    appends: list[str] = field(default_factory=list)
    committed: dict[TP, int] = field(default_factory=dict)
    on_append: Callable[[str], None] | None = None
    _logs: defaultdict[TP, list[ConsumerRecord[bytes, bytes]]] = field(default_factory=lambda: defaultdict(list))

    def producer(self) -> "ModelProducer":
        """A connection of one process."""
        return ModelProducer(self)

    def log(self, tp: TP) -> Sequence[ConsumerRecord[bytes, bytes]]:
        """All records of a partition."""
        return self._logs[tp]

    def topic(self, name: str) -> list[ConsumerRecord[bytes, bytes]]:
        """All records of a topic."""
        return [record for tp, records in sorted(self._logs.items()) if tp.topic == name for record in records]

    def append(self, tp: TP, rows: Sequence[Row]) -> int:
        """Append a batch, whole; the offset of its first record."""
        log = self._logs[tp]
        first = len(log)
        for offset, (timestamp, key, value, headers) in enumerate(rows, start=first):
            log.append(
                ConsumerRecord(
                    topic=tp.topic,
                    partition=tp.partition,
                    offset=offset,
                    timestamp=timestamp,
                    timestamp_type=1,
                    key=key,
                    value=value,
                    checksum=None,
                    serialized_key_size=len(key or b""),
                    serialized_value_size=len(value or b""),
                    headers=tuple(headers),
                )
            )
        return first

    def take(self, tp: TP, rows: Sequence[Row]) -> int:
        """An append by a process, with what was told to go wrong."""
        number = len(self.appends)
        crashes = self.crash_at is not None and number >= self.crash_at
        self.appends.append(tp.topic)
        if crashes and not self.crash_after:
            raise Crashed(f"before append {number}, to {tp.topic}")
        if self.refused[tp.topic]:
            self.refused[tp.topic] -= 1
            raise KafkaTimeoutError(f"{tp.topic} takes nothing now")
        first = self.append(tp, rows)
        if self.on_append is not None:
            self.on_append(tp.topic)
        if crashes:
            raise Crashed(f"after append {number}, to {tp.topic}")
        return first

    def restarted(self) -> None:
        """The process comes back and will not crash again."""
        self.crash_at = None


class ModelProducer:
    """What aiokafka's producer is to the engine; an error comes out of the ack."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def create_batch(self) -> ModelBatch:
        """An empty batch."""
        return ModelBatch()

    async def send_batch(self, batch: ModelBatch, topic: str, *, partition: int) -> "asyncio.Future[Stood]":
        """Append; the ack is there at once."""
        acked: asyncio.Future[Stood] = asyncio.get_running_loop().create_future()
        try:
            acked.set_result(Stood(offset=self._cluster.take(TP(topic, partition), batch.rows)))
        except (Crashed, KafkaTimeoutError) as error:
            acked.set_exception(error)
            acked.exception()  # so that a process which crashes before it looks leaves no noise
        return acked
