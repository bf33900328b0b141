"""What stages keep between records: each class is the value of one table, and its layout is state on disk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from schemas.billing import Terms
from schemas.candidate import Candidate, Cause
from schemas.delivery import DeliveryStatus
from schemas.making import made_quickly
from schemas.words import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantSettings:
    """The settings of one tenant at one version; also the value of the compacted topic `settings`."""

    tenant: str
    version: int
    document: Mapping[str, object]
    changed_at: datetime
    event_id: str


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An event that was taken; a redelivery finds it."""

    at: datetime


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What the other events of one appointment, cart or the like need to know of those that were heard.

    `event_time` is that of the newest event, `opened_at` and `ended_at` those of the newest that opened or ended it.
    `earlier` tells when each field of `data` was told that the newest event did not tell.
    """

    event_time: datetime | None = None
    opened_at: datetime | None = None
    ended: bool = False
    data: Mapping[str, object] = field(default_factory=dict)
    ended_at: datetime | None = None
    earlier: Mapping[str, datetime] = field(default_factory=dict)


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A message that waits for its hour, or that left and may still be withdrawn.

    `address_key` is the key its candidate left under, `kept_until` how long it may be withdrawn; unset while it waits.
    `occurrence` tells messages of one cause apart. `to` is the entry it is for, of an audience that is a list.
    `opened_at` is when its digest window was opened, if it has one. `decided` is how many decisions were taken on it.
    """

    message_id: str
    tenant: str
    subject: str
    kind: str
    channel: Channel
    cause: Cause
    due: datetime
    useful_until: datetime | None = None
    address_key: str | None = None
    variables: Mapping[str, object] = field(default_factory=dict)
    occurrence: str = ""
    opened_at: datetime | None = None
    kept_until: datetime | None = None
    to: str | None = None
    decided: int = 0


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A timer's content: the key of the row that waits for it."""

    row: str


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched:
    """A message that dispatch has dealt with; a second candidate of the same id finds it.

    `recipient_key` is where it went to be counted for its recipient. `decided` is that of the candidate; when it has
    waited for credits since then it has more.
    """

    at: datetime
    command_topic: str | None = None
    recipient_key: str | None = None
    decided: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A candidate that waits in dispatch and may still leave."""

    candidate: Candidate
    reason: str
    until: datetime


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The one status of a message, folded from all reports."""

    status: DeliveryStatus
    billed: bool = False
    billed_attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """An event of a tenant whose settings have not been seen yet; `event` is its structured JSON."""

    event: Mapping[str, object]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking:
    """A tenant some of whose events are parked; `until` is when waiting ends, `parked` how many were parked so far."""

    until: datetime
    parked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockAccount:
    """A tenant's blocks: what is agreed now, the terms of the month under way, and when that month turns.

    `joined`: the month under way is that before the first one, which nobody paid ahead. `running` and `turns_at` are
    unset when no month is under way.
    """

    agreed: Terms
    running: Terms | None = None
    turns_at: datetime | None = None
    turns_in: str = "UTC"
    turned_at: datetime | None = None
    joined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockUse:
    """What of a month of blocks is used; `started` are the calendar months, `YYYY-MM`, its further blocks began in."""

    size: int
    price: Decimal
    used: int = 0
    started: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicedMonth:
    """That the invoices of a tenant's calendar month have been issued."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLogin:
    """That a contact has a login: since when, and which event said so."""

    since: datetime
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerAddress:
    """An address that a contact had; `until` is how long something that was held there meanwhile may leave."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Some of the contacts that one event lists under a name, by which later events call all of them."""

    contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message that a contact gets only once about one thing, and the event that caused it."""

    message_id: str
    event_id: str


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """An event that Tidings itself will publish at its hour; `event` is its structured JSON."""

    event: Mapping[str, object]
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """That something whose audience grows, such as a route, was opened: since when, and by which event."""

    since: datetime
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted at one address of a person, before places were counted for the person; nobody writes it."""

    count: int


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A contact who has an address, as the stage that owns the address knows it."""

    contact: str
    name: str | None = None
    sms_alerts: str = ""


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class LastSent:
    """The newest message to an address, so that an answer to it can be shown beside it."""

    message_id: str
    words: str
    at: datetime
    contact: str | None = None


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCopy:
    """The message by which an address gets what one event makes of a kind on a channel."""

    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBooking:
    """What is known of one booking, to see whether another one replaces it: event times, and what waits because of it.

    While rules are held because it was made or cancelled, `until` is when that ends, and `event` the structured JSON of
    the event that made it. `is_rebooking`: it replaced another one; `rebooked`: another one replaced it.
    """

    starts_at: datetime
    made_at: datetime | None = None
    cancelled_at: datetime | None = None
    until: datetime | None = None
    event: Mapping[str, object] | None = None
    is_rebooking: bool = False
    rebooked: bool = False
