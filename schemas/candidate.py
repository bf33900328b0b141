"""A candidate: a message that is due and has not yet passed the gates of dispatch; topic `messages`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from schemas.address import address_key
from schemas.contact import Contact
from schemas.envelope import Actor
from schemas.making import made_quickly
from schemas.words import Channel, InDoubt, Lane


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The event a message comes from, as templates and analysts see it; `data` is its wire form."""

    event_id: str
    source: str
    type: str
    time: datetime
    actor: Actor = field(default_factory=Actor)
    subject: str = ""
    data: Mapping[str, object] = field(default_factory=dict)


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whoever gets the message: a contact or a member of staff, with the address on this channel.

    `missing` is the reason why there is no address.
    """

    to: str | None = None
    name: str | None = None
    contact: str | None = None
    staff: str | None = None
    timezone: str | None = None
    locale: str | None = None
    sms_alerts: str = ""
    missing: str | None = None


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A message that is due; `contact` is the person the event is about.

    `needs_reminders` and `needs_box` ask the contact's preferences: overdue reminders, and the box of this channel.
    `dispatch_box` is the box of this channel that the sender ticked or not; None for a sending without boxes.
    `programme` is the group that it goes to. `is_awaited`: somebody waits for it, whatever was opted out of. `sender`
    and `reply_to` stand in place of the tenant's own. `decided` is how many decisions were taken on it so far; `among`
    how many outcomes its event was given at once, if it is one of them. `unpaid_since` is when a text began to wait for
    credits that are reserved for it by now.
    """

    message_id: str
    tenant: str
    kind: str
    channel: Channel
    recipient: Recipient
    cause: Cause
    due: datetime
    category: str
    lane: Lane
    in_doubt: InDoubt
    settings_version: int
    contact: Contact | None = None
    useful_until: datetime | None = None
    variables: Mapping[str, object] = field(default_factory=dict)
    needs_reminders: bool = False
    needs_box: bool = False
    dispatch_box: bool | None = None
    programme: str | None = None
    is_awaited: bool = False
    sender: str | None = None
    reply_to: str | None = None
    decided: int = 0
    among: int | None = None
    unpaid_since: datetime | None = None

    @property
    def key(self) -> str:
        """The Kafka key: all that concerns one address is on one partition."""
        return address_key(self.tenant, self.recipient.to or self.recipient.contact or self.recipient.staff or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """The order not to send what may still wait somewhere: one message, or all of one contact to this address."""

    tenant: str
    event_id: str
    reason: str
    message_id: str | None = None
    contact: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactUpdate:
    """A contact whose preferences changed, for what still waits to be sent to one of its addresses."""

    tenant: str
    event_id: str
    contact: Contact
