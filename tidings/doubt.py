"""Messages on hold, of which nobody can tell whether they left, and the verdicts of people on them."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from gateways.ledger import stands_where_it_says
from schemas import wire
from schemas.delivery import AttemptState, LedgerEntry
from schemas.envelope import Actor
from schemas.faults import Unreadable
from schemas.message import Message
from schemas.topics import BY_NAME, LEDGERS, Topic
from schemas.verdict import Verdict
from schemas.words import ActorKind
from streams.client import Stored, publisher, read_to_end
from tidings.config import Kafka

PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A message on hold."""

    message: Message
    attempt: int
    since: datetime
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledgers say: the messages on hold, oldest first, and how each of those that were asked for stands."""

    doubts: tuple[Doubt, ...]
    entries: dict[str, LedgerEntry]


async def known(kafka: Kafka, asked: Collection[str] = (), topics: Iterable[Topic] = LEDGERS) -> Known:
    """Read the ledgers; of what is not on hold only the messages asked for are kept."""
    doubts: dict[str, Doubt] = {}
    entries: dict[str, LedgerEntry] = {}
    for topic in topics:
        async with aclosing(read_to_end(kafka, topic)) as stored_records:
            async for stored in stored_records:
                entry = _entry(topic, stored)
                if entry is None:
                    continue
                doubts.pop(entry.message_id, None)
                if entry.is_on_hold and entry.message is not None:
                    doubts[entry.message_id] = Doubt(
                        message=entry.message, attempt=entry.attempt, since=entry.at, detail=entry.detail
                    )
                if entry.message_id in asked:
                    entries[entry.message_id] = entry
    return Known(doubts=tuple(sorted(doubts.values(), key=lambda each: each.since)), entries=entries)


async def judge(kafka: Kafka, doubts: Sequence[Doubt], *, sends_again: bool, by: str, now: datetime) -> None:
    """Give one verdict on each, among the commands of its gateway, and wait until they are safe."""
    topics = [BY_NAME[name] for name in sorted({doubt.message.topic for doubt in doubts})]
    actor = Actor(kind=ActorKind.STAFF, id=by)
    async with publisher(kafka, *topics) as publishing:
        for doubt in doubts:
            verdict = Verdict(
                tenant=doubt.message.tenant,
                message_id=doubt.message.message_id,
                attempt=doubt.attempt,
                sends_again=sends_again,
                at=now,
                actor=actor,
            )
            await publishing.send(BY_NAME[doubt.message.topic], doubt.message.key.encode(), wire.encode(verdict).value)


async def outcomes(kafka: Kafka, doubts: Sequence[Doubt], wait_seconds: float) -> dict[str, LedgerEntry]:
    """What the ledgers say of these messages once their gateways took the verdicts; those that did not are left out."""
    waiting = {doubt.message.message_id: doubt for doubt in doubts}
    topics = [topic for topic in LEDGERS if topic.name in {_ledger_of(doubt.message) for doubt in doubts}]
    found: dict[str, LedgerEntry] = {}
    try:
        async with asyncio.timeout(wait_seconds):
            while waiting:
                entries = (await known(kafka, waiting, topics)).entries
                found |= {name: entry for name, entry in entries.items() if _is_over(waiting[name], entry)}
                waiting = {name: doubt for name, doubt in waiting.items() if name not in found}
                await asyncio.sleep(PAUSE_SECONDS if waiting else 0)
    except TimeoutError:
        pass
    return found


def _is_over(doubt: Doubt, entry: LedgerEntry) -> bool:
    """Whether the verdict was taken, and what it led to is known."""
    is_taken = entry.attempt > doubt.attempt or not entry.is_on_hold
    return is_taken and entry.state is not AttemptState.INTENT


def _ledger_of(message: Message) -> str:
    return f"ledger.{message.topic.split('.')[2]}"


def _entry(topic: Topic, stored: Stored) -> LedgerEntry | None:
    """None for what is void, deleted or of somebody else."""
    if stored.value is None or not stands_where_it_says(stored.headers, stored.position.offset):
        return None
    try:
        entry = wire.decode(topic, stored.key, stored.value, stored.headers)
    except Unreadable:
        return None
    return entry if isinstance(entry, LedgerEntry) else None
