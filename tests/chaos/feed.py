"""The feed: settings first, then events at a steady rate, some of them twice, some of them poison."""

import asyncio
import random
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from schemas import wire
from schemas.envelope import Event
from schemas.events import FreeRecord
from schemas.state import TenantSettings
from schemas.topics import EVENTS, SETTINGS
from streams.client import Publisher, publisher, read_to_end
from tests.chaos.stage import ACTIVE, Dedup, Poison, Word, alarms_of
from tidings.config import Kafka

TENANTS = 20
INACTIVE = "t7"
_SUBJECTS = 500
_REPEATED = 0.05
_POISONOUS = 0.01
_RECENT = 200
_TURN_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What stands in the log of events, and so what has to come out."""

    records: int
    answers: frozenset[str]
    letters: frozenset[str]
    """Stage and place of each poisonous record."""


@dataclass(slots=True, kw_only=True)
class Feed:
    """One trial's upstream system; `stopped` ends it."""

    kafka: Kafka
    rate: float
    random: random.Random
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _count: int = 0
    _recent: list[Event] = field(default_factory=list)

    async def run(self) -> None:
        """Publish until stopped; all that was published is acknowledged when this returns."""
        async with publisher(self.kafka, EVENTS) as to:
            acks: set[asyncio.Task[object]] = set()
            began, published = time.monotonic(), 0
            while not self.stopped.is_set():
                while published < (time.monotonic() - began) * self.rate:
                    ack = asyncio.ensure_future(_waited(await self._publish(to)))
                    acks.add(ack)
                    published += 1
                await asyncio.sleep(_TURN_SECONDS)
                acks = _without_done(acks)
            await asyncio.gather(*acks)

    async def _publish(self, to: Publisher) -> Awaitable[object]:
        lot = self.random.random()
        if lot < _REPEATED and self._recent:
            event = self.random.choice(self._recent)
        elif lot > 1 - _POISONOUS:
            poison = self.random.choice(list(Poison))
            event = self._event(f"{poison}-")
            if poison is Poison.JUNK:
                return await to.enqueue(EVENTS, event.key.encode(), event.id.encode())
        else:
            event = self._event("e")
            self._recent = [*self._recent[-_RECENT:], event]
        encoded = wire.encode(event)
        return await to.enqueue(EVENTS, event.key.encode(), encoded.value, encoded.headers)

    def _event(self, kind: str) -> Event:
        self._count += 1
        return Event(
            id=f"{kind}{self._count}",
            type="chaos.fed",
            # A poisonous event of an inactive tenant would be passed over.
            tenant=f"t{self.random.randrange(TENANTS)}" if kind == "e" else "t0",
            subject=f"c{self.random.randrange(_SUBJECTS)}",
            time=datetime.now(UTC),
            data=FreeRecord(values={"number": str(self._count)}),
        )


async def publish_settings(kafka: Kafka) -> None:
    """The settings of all tenants, of whom one is not active."""
    now = datetime.now(UTC)
    async with publisher(kafka, SETTINGS) as to:
        for number in range(TENANTS):
            tenant = f"t{number}"
            document = {ACTIVE: tenant != INACTIVE}
            row = TenantSettings(tenant=tenant, version=1, document=document, changed_at=now, event_id="fed")
            await to.send(SETTINGS, tenant.encode(), wire.encode(row).value)


async def inputs(kafka: Kafka, stages: tuple[Dedup, ...]) -> Inputs:
    """What the log itself says was put in: an upstream system whose broker dies cannot know for sure."""
    answers, letters, records = set[str](), set[str](), 0
    async for stored in read_to_end(kafka, EVENTS):
        records += 1
        headers = dict(stored.headers)
        event_id = headers.get("ce_id", b"").decode()
        for stage in stages:
            if not event_id.startswith("e"):
                letters.add(f"{stage} {stored.position}")
            elif headers["ce_tenant"].decode() != INACTIVE:
                answers.add(f"{Word.HEARD} {stage} {event_id}")
                answers |= {f"{Word.RANG} {stage} {alarm}" for alarm in alarms_of(event_id)}
    return Inputs(records=records, answers=frozenset(answers), letters=frozenset(letters))


async def _waited(ack: Awaitable[object]) -> object:
    return await ack


def _without_done(acks: set["asyncio.Task[object]"]) -> set["asyncio.Task[object]"]:
    for ack in acks:
        if ack.done():
            ack.result()
    return {ack for ack in acks if not ack.done()}
