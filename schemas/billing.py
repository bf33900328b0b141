"""What is charged: usage per message and the invoices made of it (contract section 9, Billing)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from schemas.words import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """One billable message; `period` is `YYYY-MM` in the tenant's zone."""

    message_id: str
    tenant: str
    channel: Channel
    units: int
    unit: str
    amount: Decimal
    currency: str
    period: str
    at: datetime


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
    """Prepaid credits that a tenant bought, or got back for a text that failed; one credit pays one segment."""

    tenant: str
    event_id: str
    credits: int
