"""What is heard of a message after it left, by its name alone; topic `delivery.reports`."""

from dataclasses import dataclass
from datetime import datetime

from schemas.making import made_quickly
from schemas.words import Status


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where all about one message is kept: `key` is that of its statuses, `name` its id or its provider's."""

    tenant: str
    name: str
    message_id: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterReport:
    """A report on a message that is known by `name` only; `message_id` is set once its whereabouts are known.

    `type` is that of the event that reported it.
    """

    tenant: str
    name: str
    status: Status
    event_id: str
    at: datetime
    code: str | None = None
    message_id: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribed:
    """The recipient of a message wants no more marketing; `type` is that of the event that said so."""

    tenant: str
    name: str
    event_id: str
    type: str | None = None
