"""An occasion: one event at one moment, with all that answering it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from processors.decide.tables import CONTACTS
from processors.effects import Record, Tables, row_key
from processors.settings import InForce
from schemas.candidate import Cause
from schemas.contact import Contact
from schemas.envelope import Event
from schemas.making import made_quickly


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an event finds its thread: `key` names it, `data` is what is known of it now.

    `stale_because` is the reason why the event changes nothing, if it does not; `ended_plans` tells whether it ended
    something that waited.
    """

    key: str
    data: Mapping[str, object] = field(default_factory=dict)
    stale_because: str | None = None
    ended_plans: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What kinds that leave at once do with an event: say it, hold it until an hour, or be silent for a reason."""

    held_until: datetime | None = None
    silent_because: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One event, the tables it meets, the settings in force and where its thread stands; timings count from it."""

    event: Event
    cause: Cause
    record: Record
    tables: Tables
    known: InForce
    standing: Standing | None
    turn: Turn = Turn()
    looked_up: list[Contact | None] = field(default_factory=list)
    """The contact, once somebody has asked for it."""

    @property
    def data(self) -> Mapping[str, object]:
        """The event's fields, over those that its thread remembers."""
        return self.standing.data if self.standing else self.cause.data

    @property
    def time(self) -> datetime:
        """When the event happened."""
        return self.event.time

    @property
    def timezone(self) -> str:
        """The tenant's zone."""
        return self.known.settings.timezone

    @property
    def contact(self) -> Contact | None:
        """Whom the event is about, as far as known: read once, however many kinds and rules ask."""
        if not self.looked_up:
            self.looked_up.append(self.tables.get(CONTACTS, row_key(self.event.tenant, self.event.subject)))
        return self.looked_up[0]

    @property
    def contact_timezone(self) -> str:
        """Where the contact lives; else the tenant's zone."""
        contact = self.contact
        return (contact.timezone if contact else None) or self.timezone

    @property
    def thread(self) -> str:
        """What the rows of all that waits because of this event have in common: its thread, or else itself."""
        return self.standing.key if self.standing else row_key(self.event.source, self.event.id)
