"""A message: what a person gets, rendered; the delivery command that a gateway receives (contract section 9)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from pydantic import Field

from schemas.address import address_key, recipient_key
from schemas.allowance import Allowance
from schemas.billing import Charge
from schemas.candidate import Candidate
from schemas.envelope import Actor
from schemas.making import made_quickly
from schemas.words import Channel, InDoubt, Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that travels with a message; `content` is base64. HTML shows one with a `content_id` in itself."""

    name: str
    media_type: str
    content: str
    content_id: str | None = None


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, ready to leave; the same cause gives the same `message_id`, for ever.

    `number` is the phone number behind a text that leaves by email, through a carrier's gateway. `allowance` is what
    its recipient may get of its category, where that is limited. `decided` and `among` are those of its candidate.
    `candidate` is there while it may have to wait for credits, which no command does.
    """

    message_id: str
    tenant: str
    kind: str
    channel: Channel
    to: str
    from_: Annotated[str, Field(alias="from")]
    event_id: str
    lane: Lane
    category: str
    in_doubt: InDoubt
    text: str
    settings_version: int
    template_version: str
    commanded_at: datetime
    reply_to: str | None = None
    to_name: str | None = None
    contact: str | None = None
    staff: str | None = None
    actor: Actor = field(default_factory=Actor)
    subject: str | None = None
    html: str | None = None
    attachments: tuple[File, ...] = ()
    segments: int | None = None
    encoding: str | None = None
    not_before: datetime | None = None
    useful_until: datetime | None = None
    locale: str | None = None
    charge: Charge | None = None
    rewritten: tuple[str, ...] = ()
    programme: str | None = None
    number: str | None = None
    allowance: Allowance | None = None
    decided: int = 0
    among: int | None = None
    candidate: Candidate | None = None

    @property
    def key(self) -> str:
        """The Kafka key of its command, its ledger entries and its statuses: that of the consent it depends on."""
        return address_key(self.tenant, self.number or self.to)

    @property
    def recipient_key(self) -> str:
        """The Kafka key under which it is counted for its recipient."""
        return recipient_key(self.tenant, self.contact, self.staff, self.number or self.to)

    @property
    def topic(self) -> str:
        """The topic of its command: that of the gateway which can send it."""
        gateway = Channel.EMAIL if self.number is not None else self.channel
        return f"delivery.commands.{gateway}.{self.lane}"
