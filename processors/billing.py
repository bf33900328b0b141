"""Stop 9 of 9 — billing. Before: status. What a message costs its tenant; every cent names its message."""

from decimal import Decimal

from processors.local_time import on_wall_clock
from schemas.billing import Usage
from schemas.delivery import DeliveryStatus
from schemas.settings import Settings
from schemas.words import Channel


def usage_of(report: DeliveryStatus, settings: Settings) -> Usage | None:
    """The usage entry of a message that is charged; None on a channel that has no price.

    `period` is the month on the tenant's clock in which the message was commanded. Under the `block` model the amount
    is zero and the invoice carries the blocks (contract section 11, Prices).
    """
    if report.channel not in (Channel.SMS, Channel.SHORT_CODE) or settings.billing.sms is None:
        return None
    price = settings.billing.sms
    segments = report.segments or 1
    per_message = price.model == "block" and price.count == "messages"
    units = 1 if per_message else segments
    amount = Decimal("0.00") if price.model == "block" else price.price * segments
    return Usage(
        message_id=report.message_id,
        tenant=report.tenant,
        channel=report.channel,
        units=units,
        unit="message" if per_message else "segment",
        amount=amount,
        currency=settings.currency,
        period=f"{on_wall_clock(report.commanded_at, settings.timezone):%Y-%m}",
        at=report.at,
    )


def is_prepaid(channel: Channel, settings: Settings) -> bool:
    """Whether prepaid credits must pay for messages of this channel."""
    return channel is Channel.SMS and settings.billing.sms is not None and settings.billing.sms.prepaid
