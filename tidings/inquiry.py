"""An inquiry into the log: all records about an event, a contact, a kind, a channel or one message.

Topics are read as a stream. What is kept is bounded by the inquiry's `limit`, however long the log is.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from schemas import wire
from schemas.address import address_key
from schemas.billing import Usage
from schemas.decision import Decision
from schemas.delivery import DeliveryStatus, LedgerEntry
from schemas.faults import Unreadable
from schemas.message import Message
from schemas.topics import BY_NAME, DECISIONS, STATUSES, USAGE, Topic, command_topic, ledger_topic
from schemas.verdict import Verdict
from schemas.words import Channel, Lane
from streams.client import Stored, read_to_end
from tidings.config import Kafka
from tidings.newest import Newest

STATUSES_PER_DECISION = 10
"""More reports than one message has, retries and repeats included."""
ENTRIES_PER_MESSAGE = 100
"""Usage entries, commands or ledger records of one message: more than a message that is sent again and again has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What is asked about, of one tenant and since an instant; what is not None must all be so."""

    tenant: str
    since: datetime
    event_id: str | None = None
    contact: str | None = None
    kind: str | None = None
    channel: Channel | None = None
    message_id: str | None = None
    limit: int = 200

    @property
    def named(self) -> dict[str, str]:
        """What is asked about, in words."""
        asked = {
            "event": self.event_id,
            "contact": self.contact,
            "kind": self.kind,
            "channel": self.channel,
            "message": self.message_id,
        }
        return {word: value for word, value in asked.items() if value is not None}

    def concerns(self, record: Decision | DeliveryStatus) -> bool:
        """Whether a record is about what is asked; one that names no channel is about all of them."""
        wanted = (
            (self.tenant, record.tenant),
            (self.event_id, record.event_id),
            (self.contact, record.contact),
            (self.kind, record.kind),
            (self.message_id, record.message_id),
        )
        by_the_way = self.channel is None or record.channel in (None, self.channel)
        return by_the_way and all(asked is None or asked == found for asked, found in wanted)

    def __str__(self) -> str:
        return ", ".join(f"{word} {value}" for word, value in self.named.items()) + f" of tenant {self.tenant}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All records that concern an inquiry, oldest first; `left_off` decisions more were too old to be kept.

    What was ordered, tried and charged is looked up for one message only.
    """

    decisions: tuple[Decision, ...]
    statuses: tuple[DeliveryStatus, ...]
    commands: tuple[Message, ...] = ()
    usage: tuple[Usage, ...] = ()
    attempts: tuple[LedgerEntry, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    left_off: int = 0


async def inquire(kafka: Kafka, inquiry: Inquiry) -> Answer:
    """Read what is needed of each topic up to its present end.

    An event's decisions stand in one partition, and so do the statuses of one address; what else is asked about may be
    anywhere, so all partitions are read.
    """
    kept = await _decisions(kafka, inquiry)
    decisions = kept.records
    addresses: set[bytes | None] = {_address(each) for each in decisions if each.to}
    if inquiry.event_id is None or any(each.message_id and not each.to for each in decisions):
        addresses = {None}
    found = Answer(
        decisions=decisions,
        statuses=await _statuses(kafka, inquiry, decisions, addresses, whole=not kept.left_off),
        left_off=kept.left_off,
    )
    return found if inquiry.message_id is None else await _with_life(kafka, inquiry, found)


async def _decisions(kafka: Kafka, inquiry: Inquiry) -> Newest[Decision]:
    kept: Newest[Decision] = Newest(inquiry.limit, lambda each: each.at)
    key = f"{inquiry.tenant}|{inquiry.event_id}".encode() if inquiry.event_id is not None else None
    async for each in _records(kafka, DECISIONS, inquiry, key):
        if isinstance(each, Decision) and inquiry.concerns(each):
            kept.add(each)
    return kept


async def _statuses(
    kafka: Kafka, inquiry: Inquiry, decisions: tuple[Decision, ...], addresses: set[bytes | None], *, whole: bool
) -> tuple[DeliveryStatus, ...]:
    """With the whole of the decisions known, a report that belongs to none of them is told, too."""
    kept: Newest[DeliveryStatus] = Newest(inquiry.limit * STATUSES_PER_DECISION, lambda each: each.at)
    messages = {each.message_id for each in decisions if each.message_id}
    for address in addresses:
        async for each in _records(kafka, STATUSES, inquiry, address):
            if isinstance(each, DeliveryStatus) and (each.message_id in messages or (whole and inquiry.concerns(each))):
                kept.add(each)
    return kept.records


async def _with_life(kafka: Kafka, inquiry: Inquiry, found: Answer) -> Answer:
    """The same for one message, with the order to its gateway, what the gateway tried, and what was charged."""
    message_id = inquiry.message_id
    known: tuple[Decision | DeliveryStatus, ...] = (*found.decisions, *found.statuses)
    channels = {each.channel for each in known if each.channel is not None}
    addresses = {_address(each) for each in known if each.to}
    orders: Newest[Message | Verdict] = Newest(ENTRIES_PER_MESSAGE, _ordered_at)
    attempts: Newest[LedgerEntry] = Newest(ENTRIES_PER_MESSAGE, lambda each: each.at)
    usage: Newest[Usage] = Newest(ENTRIES_PER_MESSAGE, lambda each: each.at)
    for channel in channels:
        for address in addresses:
            for lane in Lane:
                topic = BY_NAME[command_topic(channel, lane)]
                async for each in _records(kafka, topic, inquiry, address):
                    if isinstance(each, Message | Verdict) and each.message_id == message_id:
                        orders.add(each)
            async for each in _ledger(kafka, channel, address, str(message_id)):
                attempts.add(each)
    if found.statuses:
        async for each in _records(kafka, USAGE, inquiry, f"{inquiry.tenant}|".encode()):
            if isinstance(each, Usage) and each.message_id == message_id:
                usage.add(each)
    return Answer(
        decisions=found.decisions,
        statuses=found.statuses,
        commands=tuple(each for each in orders.records if isinstance(each, Message)),
        usage=usage.records,
        attempts=attempts.records[-1:],
        verdicts=tuple(each for each in orders.records if isinstance(each, Verdict)),
        left_off=found.left_off,
    )


def _ordered_at(order: Message | Verdict) -> datetime:
    return order.commanded_at if isinstance(order, Message) else order.at


def _address(record: Decision | DeliveryStatus) -> bytes:
    return address_key(record.tenant, record.to or "").encode()


async def _ledger(kafka: Kafka, channel: Channel, address: bytes, message_id: str) -> AsyncIterator[LedgerEntry]:
    """The ledger is keyed by message id and lies on the partitions of the commands, which are those of addresses."""
    topic = BY_NAME[ledger_topic(channel)]
    async with aclosing(read_to_end(kafka, topic, key=address)) as stored_records:
        async for stored in stored_records:
            if stored.key == message_id.encode() and stored.value is not None:
                for record in _decoded(topic, stored):
                    if isinstance(record, LedgerEntry):
                        yield record


async def _records(kafka: Kafka, topic: Topic, inquiry: Inquiry, key: bytes | None) -> AsyncIterator[object]:
    """Only what has the tenant's keys is decoded: decoding is most of the work."""
    beginning = f"{inquiry.tenant}|".encode()
    async with aclosing(read_to_end(kafka, topic, key=key, since=inquiry.since)) as stored_records:
        async for stored in stored_records:
            if key is not None and stored.key != key:
                continue
            if stored.key is not None and stored.key.startswith(beginning):
                for record in _decoded(topic, stored):
                    yield record


def _decoded(topic: Topic, stored: Stored) -> Iterator[object]:
    """What cannot be read is passed over: whoever reads the topic as a stage has made it a dead letter."""
    try:
        yield wire.decode(topic, stored.key, stored.value, stored.headers)
    except Unreadable:
        return
