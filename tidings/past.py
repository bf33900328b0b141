"""What the log and the state know of a tenant: its settings, its people, their consents, and what happened to them.

Nothing is written, and no position is stored.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from processors.decide.tables import CONTACTS
from processors.effects import row_key
from schemas import wire
from schemas.consent import Consent
from schemas.contact import Contact
from schemas.envelope import Event
from schemas.faults import Unreadable
from schemas.topics import CONSENTS, EVENTS, Topic
from streams.client import Position, read_to_end
from streams.state_rows import state_rows
from streams.topology import DECIDE
from tidings.config import Kafka
from tidings.preview import AS_THEY_ARE, Happened, Setting
from tidings.tenant_settings.standing import standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """An event where it stands in the log."""

    event: Event
    position: Position


async def consents_now(kafka: Kafka, tenant: str) -> tuple[Consent, ...]:
    """What each address of a tenant agreed to, as it stands."""
    newest = {
        record.key: record async for record, _ in _records(kafka, CONSENTS, f"{tenant}|") if isinstance(record, Consent)
    }
    return tuple(newest.values())


async def contacts_now(kafka: Kafka, tenant: str) -> tuple[Contact, ...]:
    """Every contact of a tenant, as it stands."""
    rows = await state_rows(kafka, DECIDE, CONTACTS, row_key(tenant, ""))
    return tuple(rows.values())


async def knows_contact(kafka: Kafka, tenant: str, contact: str) -> bool:
    """Whether a tenant has such a contact; costs as much as all of them, in time and not in memory."""
    key = row_key(tenant, contact)
    return key in await state_rows(kafka, DECIDE, CONTACTS, key)


async def events_of(kafka: Kafka, tenant: str, since: datetime | None = None) -> AsyncGenerator[Logged, None]:
    """A tenant's events, each partition in its order; what cannot be read is passed over, for it is a dead letter."""
    async for record, position in _records(kafka, EVENTS, f"{tenant}|", since=since):
        if isinstance(record, Event) and record.tenant == tenant:
            yield Logged(event=record, position=position)


async def setting_now(kafka: Kafka, tenant: str) -> Setting | None:
    """A tenant as it is; None for one without settings."""
    settings = await standing(kafka, tenant)
    if settings is None:
        return None
    contacts, consents = await contacts_now(kafka, tenant), await consents_now(kafka, tenant)
    return Setting(settings=settings, contacts=contacts, consents=consents)


async def events_up_to(kafka: Kafka, tenant: str, event_id: str) -> tuple[Happened, ...]:
    """The newest event of this id, after all before it that are about the same contact; empty when there is none.

    What made people and settings as they are is left out: they are taken as they are.
    """
    wanted: Logged | None = None
    async for logged in events_of(kafka, tenant):
        if logged.event.id == event_id:
            wanted = logged
    if wanted is None:
        return ()
    subject, last = wanted.event.subject, wanted.position
    before = [
        logged
        async for logged in events_of(kafka, tenant)
        if (logged.event.subject == subject or logged.event.type == "clients.batch_created")
        and logged.event.type not in AS_THEY_ARE
        and (logged.position.at, logged.position.partition) <= (last.at, last.partition)
        and logged.position != last
        and not (logged.position.partition == last.partition and logged.position.offset > last.offset)
    ]
    before.sort(key=lambda logged: (logged.position.at, logged.position.partition, logged.position.offset))
    return tuple(Happened(event=logged.event, at=logged.position.at) for logged in (*before, wanted))


async def _records(
    kafka: Kafka, topic: Topic, beginning: str, *, since: datetime | None = None
) -> AsyncGenerator[tuple[object, Position], None]:
    """The records whose key begins so; only they are decoded, for that is most of the work."""
    begins = beginning.encode()
    async with aclosing(read_to_end(kafka, topic, since=since)) as stored_records:
        async for stored in stored_records:
            if stored.key is None or not stored.key.startswith(begins):
                continue
            try:
                yield wire.decode(topic, stored.key, stored.value, stored.headers), stored.position
            except Unreadable:
                continue
