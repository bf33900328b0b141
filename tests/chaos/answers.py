"""What comes out: every answer and every dead letter of a trial, read while it runs."""

import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from schemas import wire
from schemas.clock import to_millis
from schemas.dead_letter import DeadLetter
from schemas.topics import AUDIENCE, DEAD_LETTERS, PARTITIONS
from streams.client import consumer
from tests.chaos.seams import SIGNED_BY
from tidings.config import Kafka

_POLL_MS = 100


Place = tuple[str, int]
"""Stage and partition."""


class Appended(NamedTuple):
    """When an answer was appended, by the broker's clock, and by which process."""

    at_ms: int
    by: str


@dataclass(slots=True, kw_only=True)
class Answers:
    """`contents` and `letters` hold, by name, a hash of each appearance."""

    kafka: Kafka
    contents: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    letters: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    appended: defaultdict[Place, list[Appended]] = field(default_factory=lambda: defaultdict(list))
    """Stage and partition → the answers in the log's order."""
    latencies_ms: list[int] = field(default_factory=list)
    """How long after its due time each answer stood in the log for the first time; the workers' start is left out."""
    counts_from_ms: float = float("inf")
    newest_at: float = field(default_factory=time.monotonic)
    """When something was read last, by this process's monotonic clock."""

    async def follow(self) -> None:
        """Read until cancelled."""
        async with consumer(self.kafka) as reading:
            partitions = [
                TopicPartition(self.kafka.topic_prefix + topic.name, number)
                for topic in (AUDIENCE, DEAD_LETTERS)
                for number in range(PARTITIONS)
            ]
            reading.assign(partitions)
            await reading.seek_to_beginning(*partitions)
            while True:
                await self._read(reading)

    def resumed_at(self, place: Place, after: float, gone: Container[str]) -> float | None:
        """When a process answered there that is not gone: what these had sent may be appended after their end."""
        appended = self.appended[place]
        for each in appended[bisect_right(appended, int(after * 1000), key=lambda one: one.at_ms) :]:
            if each.by not in gone:
                return each.at_ms / 1000
        return None

    async def _read(self, reading: AIOKafkaConsumer) -> None:
        fetched = await reading.getmany(timeout_ms=_POLL_MS)
        for partition, records in fetched.items():
            is_letter = partition.topic.endswith(DEAD_LETTERS.name)
            for record in records:
                if is_letter:
                    self._take_letter(record)
                else:
                    self._take(record)
        if fetched:
            self.newest_at = time.monotonic()

    def _take(self, record: ConsumerRecord[bytes, bytes]) -> None:
        headers = {name: content or b"" for name, content in record.headers}
        by = headers.pop(SIGNED_BY, b"").decode()
        name = headers["ce_id"].decode()
        self.appended[name.split(" ")[1], record.partition].append(Appended(record.timestamp, by))
        seen = self.contents[name]
        if not seen:
            due_ms = to_millis(datetime.fromisoformat(headers["ce_time"].decode()))
            if due_ms >= self.counts_from_ms:
                self.latencies_ms.append(record.timestamp - due_ms)
        seen.append(hash((record.key, record.value, *headers.items())))

    def _take_letter(self, record: ConsumerRecord[bytes, bytes]) -> None:
        letter = wire.decode(DEAD_LETTERS, record.key, record.value, ())
        assert isinstance(letter, DeadLetter)
        self.letters[f"{letter.stage} {letter.id}"].append(hash((record.key, record.value)))
