"""Stop 9 of 9 — billing. Before: status. What a message costs its tenant; every cent names its message.

The price is agreed once, when the message is commanded (`charge_of`), and travels with it: what settings say later
changes no bill of what has left, and whoever asks later (purse, settle, invoice) asks the charge and not the settings.
"""

from datetime import datetime
from decimal import Decimal

from processors.local_time import on_wall_clock
from processors.segments import naive_segments
from processors.sheets import sheets
from schemas.billing import BlockPrice, Charge, PaidBy, Terms, Usage
from schemas.delivery import DeliveryStatus
from schemas.settings import Settings
from schemas.settings_sections import SmsBilling
from schemas.words import Channel

NOTHING = Decimal("0.00")
LEAST_MINUTES = 1
"""A call counts at least one started minute (contract section 11, Prices)."""


def charge_of(text: str, to: str, channel: Channel, segments: int | None, settings: Settings) -> Charge | None:
    """What a message costs under these settings; None where nothing is charged.

    A short-code text costs what a text costs; one that leaves through a carrier's email gateway costs nothing.
    """
    texts, voice, letters = settings.billing.sms, settings.billing.voice, settings.billing.letter
    if channel.has_segments and texts is not None and "@" not in to:
        return _charge_of_text(text, segments or 1, texts, settings)
    if channel is Channel.VOICE and voice is not None:
        amount = voice.price_per_minute * LEAST_MINUTES
        return _charge(LEAST_MINUTES, "minute", amount, PaidBy.INVOICE, settings)
    if channel is Channel.LETTER and letters is not None:
        units = sheets(text)
        amount = letters.price_per_sheet[settings.letter.class_] * units
        return _charge(units, "sheet", amount, PaidBy.INVOICE, settings)
    return None


def _charge_of_text(text: str, segments: int, price: SmsBilling, settings: Settings) -> Charge:
    """`naive160` changes what is billed, never what a text has (contract section 11, Prices)."""
    billed = naive_segments(text) if price.segment_model == "naive160" else segments
    if price.model == "block":
        in_messages = price.count == "messages"
        units, unit = (1, "message") if in_messages else (billed, "segment")
        return _charge(units, unit, NOTHING, PaidBy.BLOCK, settings)
    paid_by = PaidBy.CREDITS if price.prepaid else PaidBy.INVOICE
    return _charge(billed, "segment", price.price * billed, paid_by, settings)


def _charge(units: int, unit: str, amount: Decimal, paid_by: PaidBy, settings: Settings) -> Charge:
    cap = settings.billing.spend_cap
    return Charge(
        units=units,
        unit=unit,
        amount=amount,
        currency=settings.currency,
        paid_by=paid_by,
        timezone=settings.timezone,
        cap=cap.per_month if cap else None,
    )


def period_of(moment: datetime, timezone: str) -> str:
    """The calendar month of an instant on a tenant's clock, `YYYY-MM`."""
    return f"{on_wall_clock(moment, timezone):%Y-%m}"


def usage_of(report: DeliveryStatus, charge: Charge) -> Usage:
    """The usage entry of a message that is billed; its month is the one in which it was commanded."""
    return Usage(
        message_id=report.message_id,
        tenant=report.tenant,
        channel=report.channel,
        units=charge.units,
        unit=charge.unit,
        amount=charge.amount,
        currency=charge.currency,
        period=period_of(report.commanded_at, charge.timezone),
        at=report.at,
        paid_by=charge.paid_by,
        commanded_at=report.commanded_at,
        timezone=charge.timezone,
    )


def terms_of(tenant: str, version: int, since: datetime, settings: Settings) -> Terms:
    """What a tenant pays under these settings, as invoices need to know it."""
    texts = settings.billing.sms
    block = None
    if texts is not None and texts.model == "block" and texts.size is not None and texts.anchor is not None:
        block = BlockPrice(size=texts.size, price=texts.price, anchor=texts.anchor.isoformat())
    return Terms(
        tenant=tenant,
        version=version,
        since=since,
        timezone=settings.timezone,
        currency=settings.currency,
        text_price=texts.price if texts is not None and block is None else None,
        block=block,
        is_prepaid=texts is not None and texts.prepaid,
    )
