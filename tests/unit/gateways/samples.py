"""Messages for the gateway tests, and a gateway's desk on a log in memory that can be crashed and started again."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gateways.answers import Accepted, Answer
from gateways.desk import Desk
from gateways.ledger import Ledger
from gateways.memory import MemoryLog
from gateways.store import MemoryStore
from gateways.work import Order, Partition
from schemas import codec
from schemas.candidate import Withdrawal
from schemas.consent import Consent
from schemas.delivery import DeliveryStatus, LedgerEntry
from schemas.message import Message
from schemas.verdict import Verdict
from schemas.words import Channel, InDoubt, Lane

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEDGER = "ledger.email"
STATUSES = "delivery.statuses"
COMMANDS = "delivery.commands.email.normal"
PATIENCE_SECONDS = 60.0


def message(message_id: str = "m1", **changes: Any) -> Message:
    plain = Message(
        message_id=message_id,
        tenant="pantry",
        kind="appointment_reminder",
        channel=Channel.EMAIL,
        to="ann@example.org",
        from_="Riverside <hello@riverside.example>",
        event_id="e1",
        lane=Lane.NORMAL,
        category="service",
        in_doubt=InDoubt.RESEND,
        text="See you at ten.",
        subject="Your appointment",
        settings_version=3,
        template_version="1",
        commanded_at=NOON,
        contact="c1",
    )
    return replace(plain, **changes)


def withdrawal(message_id: str | None = "m1", **changes: Any) -> Withdrawal:
    plain = Withdrawal(tenant="pantry", event_id="e2", reason="cancelled_by_event", message_id=message_id)
    return replace(plain, **changes)


class ScriptedProvider:
    """Answers as it is told, else accepts; `journal` is what it was given."""

    name = "scripted"
    capacity = 20

    def __init__(self) -> None:
        self.journal: list[tuple[str, int]] = []
        self.answers: dict[str, list[Answer]] = {}
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.reachable = asyncio.Event()
        self.reachable.set()

    async def ready(self) -> None:
        await self.reachable.wait()

    async def send(self, message: Message, attempt: int) -> Answer:
        self.journal.append((message.message_id, attempt))
        await self.is_open.wait()
        script = self.answers.get(message.message_id)
        return script.pop(0) if script else Accepted()

    async def close(self) -> None:
        return


class Standing:
    """A consent view and a group membership that are as they are told."""

    def __init__(self) -> None:
        self.consents: dict[str, Consent] = {}
        self.are_fresh = True
        self.heartbeat_age = 0.0

    def is_fresh(self, partition: int) -> bool:
        return self.are_fresh

    def get(self, partition: int, key: str) -> Consent | None:
        return self.consents.get(key)

    def heartbeat_age_seconds(self) -> float:
        return self.heartbeat_age


class Office:
    """One gateway process on one partition: commands in, statuses out, until it crashes or stops."""

    def __init__(
        self, log: MemoryLog, provider: ScriptedProvider, commands: Iterable[object], now: datetime = NOON
    ) -> None:
        self.log = log
        self.provider = provider
        self.standing = Standing()
        self.now = now
        self.commands = list(commands)
        self.desk = Desk(
            provider=provider,
            log=log,
            consents=self.standing,
            membership=self.standing,
            clock=lambda: self.now,
            statuses=STATUSES,
        )
        ledger = Ledger(log=log, store=MemoryStore(), topic=LEDGER, partition=0)
        for offset, row in enumerate(log.rows(LEDGER)):
            ledger.restore(row.key, row.value, row.headers, offset)
        self.interrupted = ledger.restored(len(log.rows(LEDGER)))
        self.partition = Partition(number=0, ledger=ledger)
        self._next = 0

    async def __aenter__(self) -> "Office":
        self._running = asyncio.ensure_future(self.desk.run())
        await self.desk.open(self.partition, self.interrupted)
        for command in self.commands:
            self.give(command)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._running.cancel()
        with suppress(asyncio.CancelledError, BaseExceptionGroup):
            await self._running

    def give(self, command: object, key: str = "pantry|ann@example.org") -> None:
        assert isinstance(command, Message | Withdrawal | Verdict)
        self.partition.offsets[COMMANDS].opened(self._next)
        self.desk.take_in(0, Order(mark=(COMMANDS, self._next), key=key, command=command))
        self._next += 1

    @property
    def is_crashed(self) -> bool:
        return self._running.done()

    @property
    def is_done(self) -> bool:
        """All commands may be committed."""
        return not self.partition.offsets[COMMANDS].open_count

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not is_so() and not self.is_crashed:  # noqa: ASYNC110 - what is waited for sets no event
                await asyncio.sleep(0.001)
        assert is_so(), "the desk crashed before"

    async def until_crashed(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.is_crashed:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.001)

    async def later(self, pause: timedelta) -> None:
        """Let time pass, and give the timers a chance to see it."""
        self.now += pause
        await asyncio.sleep(0.3)


def statuses(log: MemoryLog) -> list[tuple[str, str, int]]:
    """What was reported: message, status, attempt."""
    found = [codec.decode(row.value) for row in log.rows(STATUSES)]
    return [(one.message_id, str(one.status), one.attempt) for one in found if isinstance(one, DeliveryStatus)]


def entries(log: MemoryLog) -> list[LedgerEntry]:
    found = [codec.decode(row.value) for row in log.rows(LEDGER)]
    return [one for one in found if isinstance(one, LedgerEntry)]
