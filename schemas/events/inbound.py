"""Events that come from people and providers: replies, calls, reports."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from schemas.events.free import EventRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundSms(EventRecord):
    """A text arrived at a tenant's number or a short code."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundCall(EventRecord):
    """Somebody called a tenant's number."""

    from_: Annotated[str, Field(alias="from")]
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEmail(EventRecord):
    """Somebody answered a mail."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    subject: str
    text: str
    in_reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReported(EventRecord):
    """A provider's later report on a message, named by our id or by the provider's."""

    status: str
    message_id: str | None = None
    provider_ref: str | None = None
    code: str | None = None


RECORDS: dict[str, type[EventRecord]] = {
    "inbound.sms": InboundSms,
    "inbound.call": InboundCall,
    "inbound.email": InboundEmail,
    "delivery.reported": DeliveryReported,
}
