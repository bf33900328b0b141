"""An inquiry into the log: the decisions and delivery statuses about one event, contact or message."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from schemas import wire
from schemas.decision import Decision
from schemas.delivery import DeliveryStatus
from schemas.faults import Unreadable
from schemas.topics import DECISIONS, STATUSES, Topic
from streams.client import Stored, read_to_end
from tidings.config import Kafka


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What is asked about: exactly one of the three, of one tenant, since an instant."""

    tenant: str
    since: datetime
    event_id: str | None = None
    contact: str | None = None
    message_id: str | None = None

    def concerns(self, record: Decision | DeliveryStatus) -> bool:
        """Whether a record is about what is asked."""
        if record.tenant != self.tenant:
            return False
        if self.event_id is not None:
            return record.event_id == self.event_id
        if self.contact is not None:
            return record.contact == self.contact
        return record.message_id == self.message_id

    def __str__(self) -> str:
        named = (("event", self.event_id), ("contact", self.contact), ("message", self.message_id))
        return ", ".join(f"{word} {value}" for word, value in named if value is not None) + f" of tenant {self.tenant}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All records that concern an inquiry, in no particular order."""

    decisions: tuple[Decision, ...]
    statuses: tuple[DeliveryStatus, ...]


async def inquire(kafka: Kafka, inquiry: Inquiry) -> Answer:
    """Read what is needed of both topics up to their present ends.

    An event's decisions stand in one partition, and so do the statuses of one address; a contact's or a message's
    decisions may be anywhere, so all partitions are read.
    """
    key = f"{inquiry.tenant}|{inquiry.event_id}".encode() if inquiry.event_id is not None else None
    decisions = [
        each
        async for each in _records(kafka, DECISIONS, inquiry, key)
        if isinstance(each, Decision) and inquiry.concerns(each)
    ]
    addresses: set[bytes | None] = {f"{inquiry.tenant}|{each.to}".encode() for each in decisions if each.to}
    if inquiry.event_id is None or any(each.message_id and not each.to for each in decisions):
        addresses = {None}
    messages = {each.message_id for each in decisions if each.message_id}
    statuses = {}
    for address in addresses:
        async for each in _records(kafka, STATUSES, inquiry, address):
            if isinstance(each, DeliveryStatus) and (each.message_id in messages or inquiry.concerns(each)):
                statuses[repr(each)] = each
    return Answer(decisions=tuple(decisions), statuses=tuple(statuses.values()))


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
