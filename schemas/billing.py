"""What is charged: the price of each message, usage, and the invoices made of it (contract section 9, Billing)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from schemas.making import made_quickly
from schemas.words import Channel


class PaidBy(StrEnum):
    """What a message is paid from."""

    INVOICE = "invoice"
    BLOCK = "block"
    CREDITS = "credits"


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a message costs if it is billed, as agreed when it was commanded; it travels with the message.

    `units` are those of the bill. `cap` is what the tenant may spend in a calendar month on the clocks of `timezone`.
    """

    units: int
    unit: str
    amount: Decimal
    currency: str
    paid_by: PaidBy
    timezone: str
    cap: Decimal | None = None

    @property
    def needs_leave(self) -> bool:
        """Whether the tenant's purse is asked before the message leaves."""
        return self.paid_by is PaidBy.CREDITS or self.cap is not None


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """One billable message; `period` is `YYYY-MM` in the tenant's zone.

    Negative units and amount take an entry back: what was sent has failed after all.
    """

    message_id: str
    tenant: str
    channel: Channel
    units: int
    unit: str
    amount: Decimal
    currency: str
    period: str
    at: datetime
    paid_by: PaidBy = PaidBy.INVOICE
    commanded_at: datetime | None = None
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPrice:
    """Blocks of so many units a month, from the day `anchor` (`YYYY-MM-DD`) on."""

    size: int
    price: Decimal
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a tenant pays from an instant on; one per version of its settings, so that bills can be computed again.

    `is_prepaid` says whether texts need credits; None on terms that an older version wrote, which did not say it.
    """

    tenant: str
    version: int
    since: datetime
    timezone: str
    currency: str
    text_price: Decimal | None = None
    block: BlockPrice | None = None
    is_prepaid: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One line: so many units, for so much, made of these usage entries (message ids)."""

    units: int
    amount: Decimal
    usage_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """One invoice of one tenant and period."""

    tenant: str
    period: str
    currency: str
    total: Decimal
    lines: tuple[InvoiceLine, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditChange:
    """Prepaid credits that a tenant bought; or, with `message_id`, that a message will not be billed after all.

    One credit pays one segment.
    """

    tenant: str
    event_id: str
    credits: int
    source: str | None = None
    message_id: str | None = None
