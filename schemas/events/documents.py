"""Events about documents, quotes, invoices, conversations, payments and credits."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from schemas.events.free import EventRecord
from schemas.values import Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSent(EventRecord):
    """A document was sent; `email` and `sms` are the boxes of the send window."""

    document: Literal["quote", "invoice", "other"]
    number: str
    link: str
    email: bool
    sms: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand(EventRecord):
    """A quote was sent or an invoice issued; `due_on` is a date, `amount` money in the tenant's currency."""

    number: str
    due_on: str
    amount: Amount
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandAnswered(EventRecord):
    """A quote was approved or declined, an invoice paid or voided."""

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived(EventRecord):
    """A payment lowers the balance of an account."""

    account: str
    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationMessagePosted(EventRecord):
    """Somebody wrote in a conversation; `send_now` flushes what was collected."""

    conversation_id: str
    text: str
    link: str | None = None
    send_now: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRequested(EventRecord):
    """A person asks for one message on demand."""

    channel: Literal["email", "sms", "voice", "letter", "webhook", "short_code"]
    text: str
    subject: str | None = None
    to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditsPurchased(EventRecord):
    """A tenant bought prepaid credits, 500 to 15000 at a time."""

    channel: Literal["sms"]
    quantity: Annotated[int, Field(ge=500, le=15000)]
    paid_by: Literal["card", "invoice"]


RECORDS: dict[str, type[EventRecord]] = {
    "document.sent": DocumentSent,
    "quote.sent": Demand,
    "invoice.issued": Demand,
    "quote.approved": DemandAnswered,
    "quote.declined": DemandAnswered,
    "invoice.paid": DemandAnswered,
    "invoice.voided": DemandAnswered,
    "payment.received": PaymentReceived,
    "conversation.message_posted": ConversationMessagePosted,
    "message.requested": MessageRequested,
    "credits.purchased": CreditsPurchased,
}
