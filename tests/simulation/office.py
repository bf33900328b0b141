"""A gateway on the model: the product's desk, ledger and offsets, driven as the gateway's consumer drives them."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from gateways.desk import Desk
from gateways.ledger import Ledger
from gateways.log import Row as LogRow
from gateways.offsets import Offsets
from gateways.store import MemoryStore
from gateways.work import Order, Partition
from schemas import codec, wire
from schemas.candidate import Withdrawal
from schemas.clock import from_millis
from schemas.consent import Consent
from schemas.message import Message
from schemas.topics import BY_NAME, CONSENTS, STATUSES, command_topic, ledger_topic
from schemas.words import Channel, Lane
from tests.simulation.broker import Broker, Metadata, Producer, Row
from tests.simulation.group import Group, stay
from tests.simulation.loop import now, rest
from tests.simulation.post import Courier, Post
from tests.simulation.process import Process
from tests.simulation.storm import PACE

COMMANDS = tuple(command_topic(Channel.EMAIL, lane) for lane in Lane)
LEDGER = ledger_topic(Channel.EMAIL)
DRAIN_SECONDS = 2.0 / PACE
COMMIT_SECONDS = 0.5 / PACE
CONSENT_LAG = timedelta(seconds=5)
"""How old the view of consents may be that a message is sent by."""

_decode = lru_cache(maxsize=256)(codec.decode)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeParts:
    """What a gateway is made of; a mutation exchanges one."""

    desk: type[Desk] = Desk
    ledger: type[Ledger] = Ledger
    offsets: type[Offsets] = Offsets
    reads_ledger: bool = True
    checks_heartbeat: bool = True
    checks_consents: bool = True


class ModelLog:
    """The product's log, over the model's producer."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    async def enqueue(self, topic: str, partition: int, rows: Sequence[LogRow]) -> Awaitable[int]:
        """See Log.enqueue."""
        batch = self._producer.create_batch()
        for row in rows:
            batch.append(timestamp=None, key=row.key, value=row.value, headers=row.headers)
        return _end(await self._producer.send_batch(batch, topic, partition=partition), len(rows))


async def _end(acked: "asyncio.Future[Metadata]", count: int) -> int:
    return (await acked).offset + count


class Office:
    """One gateway process: a member of the gateways' group."""

    heard_at = -100.0

    def __init__(self, *, process: Process, broker: Broker, group: Group, post: Post, parts: OfficeParts) -> None:
        self.process = process
        self._broker = broker
        self._group = group
        self._parts = parts
        self._producer = Producer(broker=broker, process=process)
        self._log = ModelLog(self._producer)
        self._courier = Courier(post, process)
        self.turn = asyncio.Lock()
        self._generation = -1
        self._opened: dict[int, Partition] = {}
        self._opening: asyncio.Task[None] | None = None
        self._fetched: dict[tuple[str, int], int] = {}
        self._wake = asyncio.Event()
        self._consent_lag = CONSENT_LAG * process.storm.rng.random()
        self._desk = parts.desk(
            provider=self._courier,
            log=self._log,
            consents=self,
            membership=self,
            clock=self._clock,
            statuses=STATUSES.name,
        )
        for topic in COMMANDS:
            broker.watch(topic, self._wake.set)

    def begin(self) -> None:
        """Let the gateway run in its process."""
        self.process.start(self._desk.run())
        self.process.start(self._consume())
        self.process.start(self._commit_regularly())
        self.process.start(stay(self._group, self))

    def _clock(self) -> datetime:
        return from_millis(self._broker.now_ms)

    def heartbeat_age_seconds(self) -> float:
        """See Membership."""
        return (now() - self.heard_at) * PACE if self._parts.checks_heartbeat else 0.0

    def is_fresh(self, partition: int) -> bool:
        """See Consents."""
        return self.process.cut_until <= now() or not self._parts.checks_consents

    def get(self, partition: int, key: str) -> Consent | None:
        """See Consents: what stood in the topic a moment ago."""
        if not self._parts.checks_consents:
            return None
        known_ms = self._broker.now_ms - self._consent_lag / timedelta(milliseconds=1)
        found: Consent | None = None
        times_ms = self._broker.appended_ms[CONSENTS.name, partition]
        for at_ms, record in zip(times_ms, self._broker.history[CONSENTS.name, partition], strict=True):
            if at_ms <= known_ms and record.key == key.encode():
                decoded = _decode(record.value or b"")
                found = decoded if isinstance(decoded, Consent) else None
        return found

    async def assigned(self, generation: int, partitions: Sequence[int]) -> None:
        """See Gateway.on_partitions_assigned."""
        self._generation = generation
        self.heard_at = now()
        self._opening = self.process.start(self._open(generation, partitions))

    async def revoked(self) -> None:
        """See Gateway.on_partitions_revoked: what is on its way ends, and is committed."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        closing = list(self._opened)
        await asyncio.gather(*(self._desk.close(number, DRAIN_SECONDS) for number in closing))
        await self._commit()
        for number in closing:
            self._opened.pop(number).ledger.close()

    async def _open(self, generation: int, partitions: Sequence[int]) -> None:
        for number in partitions:
            await self.process.connected()
            ledger = self._parts.ledger(log=self._log, store=MemoryStore(), topic=LEDGER, partition=number)
            end = self._broker.end(LEDGER, number)
            if self._parts.reads_ledger:
                for record in self._broker.read(LEDGER, number, 0, end):
                    ledger.restore(record.key, record.value, record.headers, record.offset)
            await self.process.pause("the ledger is read")
            partition = Partition(number=number, ledger=ledger)
            partition.offsets.default_factory = self._parts.offsets
            await self._desk.open(partition, ledger.restored(end))
            self._opened[number] = partition
            for topic in COMMANDS:
                self._fetched[topic, number] = self._group.committed(topic, number)
            self._wake.set()

    async def _consume(self) -> None:
        rng = self.process.storm.rng
        while True:
            self._wake.clear()
            for number, topic in [(number, topic) for number in self._opened for topic in COMMANDS]:
                if number in self._opened and self.process.cut_until <= now():
                    self._fetch(topic, number, rng.randint(1, 5))
            if any(self._broker.end(*place) > at for place, at in self._fetched.items() if place[1] in self._opened):
                await self.process.pause("between two fetches")
                await self.process.connected()
            else:
                await self._wake.wait()

    def _fetch(self, topic: str, number: int, count: int) -> None:
        partition = self._opened[number]
        if partition.is_closing:
            return
        for record in self._broker.read(topic, number, self._fetched[topic, number], count):
            self._fetched[topic, number] = record.offset + 1
            partition.offsets[topic].opened(record.offset)
            command = wire.decode(BY_NAME[topic], record.key, record.value, record.headers)
            assert isinstance(command, Message | Withdrawal)
            self._desk.take_in(number, Order(mark=(topic, record.offset), key=record.key.decode(), command=command))

    async def _commit_regularly(self) -> None:
        while True:
            await rest(COMMIT_SECONDS * (0.5 + self.process.storm.rng.random()))
            await self._commit()

    async def _commit(self) -> None:
        due: dict[tuple[str, int], int] = {}
        for number, partition in self._opened.items():
            for topic, offsets in partition.offsets.items():
                offset = offsets.to_commit()
                if offset is not None:
                    due[topic, number] = offset
        if not due:
            return
        generation = self._generation
        await self.process.pause("before offsets are committed")
        await self.process.connected()
        if self._group.commit(self, generation, due):
            for (topic, number), offset in due.items():
                if number in self._opened:
                    self._opened[number].offsets[topic].committed(offset)


def row(key: str, record: object) -> Row:
    """One command, as dispatch forwards it."""
    encoded = wire.encode(record)
    return Row(key.encode(), encoded.value, encoded.headers)
