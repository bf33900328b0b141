"""What is said of one attempt of one message."""

from datetime import datetime

from schemas.delivery import DeliveryStatus
from schemas.message import Message
from schemas.words import Status


def status_of(
    message: Message,
    status: Status,
    attempt: int,
    now: datetime,
    *,
    code: str | None = None,
    detail: str | None = None,
    reason: str | None = None,
    provider_ref: str | None = None,
) -> DeliveryStatus:
    """A report on one attempt of this message."""
    return DeliveryStatus(
        message_id=message.message_id,
        tenant=message.tenant,
        kind=message.kind,
        channel=message.channel,
        to=message.to,
        event_id=message.event_id,
        category=message.category,
        status=status,
        attempt=attempt,
        at=now,
        commanded_at=message.commanded_at,
        contact=message.contact,
        staff=message.staff,
        code=code,
        detail=detail,
        reason=reason,
        provider_ref=provider_ref,
        segments=message.segments,
        settings_version=message.settings_version,
        charge=message.charge,
        number=message.number,
        allowance=message.allowance,
    )
