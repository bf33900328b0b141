"""What gateways say and keep: delivery statuses, and the ledger of attempts (outbound protocol)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.address import address_key, recipient_key
from schemas.allowance import Allowance
from schemas.billing import Charge
from schemas.making import made_quickly
from schemas.message import Message
from schemas.words import Channel, Status


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """One report on one attempt of one message; topic `delivery.statuses`, key as the command's.

    `allowance` is there when the message took a place of its recipient's.
    """

    message_id: str
    tenant: str
    kind: str
    channel: Channel
    to: str
    event_id: str
    category: str
    status: Status
    attempt: int
    at: datetime
    commanded_at: datetime
    contact: str | None = None
    staff: str | None = None
    code: str | None = None
    detail: str | None = None
    reason: str | None = None
    provider_ref: str | None = None
    segments: int | None = None
    settings_version: int | None = None
    charge: Charge | None = None
    number: str | None = None
    allowance: Allowance | None = None

    @property
    def key(self) -> str:
        """The Kafka key, the same as the command's."""
        return address_key(self.tenant, self.number or self.to)

    @property
    def recipient_key(self) -> str:
        """The Kafka key under which the message is counted for its recipient."""
        return recipient_key(self.tenant, self.contact, self.staff, self.number or self.to)


class AttemptState(StrEnum):
    """Where an attempt stands in the ledger."""

    INTENT = "intent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RETRY_AT = "retry_at"
    UNKNOWN = "unknown"
    DOUBTFUL = "doubtful"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the message."""
        return self not in (AttemptState.INTENT, AttemptState.RETRY_AT, AttemptState.UNKNOWN)


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """The last thing a gateway knows of one message; compacted topic `ledger.<channel>`, key `message_id`.

    `message` is kept while the message may still be sent, so that a restart needs no other source.
    `status` is the last status reported, so that it can be reported again; or, in state accepted with `retry_at`, the
    one that will be reported then.
    """

    message_id: str
    state: AttemptState
    attempt: int
    at: datetime
    retry_at: datetime | None = None
    code: str | None = None
    detail: str | None = None
    message: Message | None = None
    status: DeliveryStatus | None = None

    @property
    def is_on_hold(self) -> bool:
        """Whether a person decides what becomes of the message, which is in doubt."""
        return self.state is AttemptState.DOUBTFUL and self.message is not None

    @property
    def awaits_report(self) -> bool:
        """Whether the message is over and its last report is still to come."""
        return self.state.is_final and self.retry_at is not None
