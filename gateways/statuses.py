"""What is said of one attempt of one message."""

from datetime import datetime
from typing import cast

from schemas.delivery import DeliveryStatus
from schemas.message import Message
from schemas.twin import open_twin
from schemas.words import Status

_OpenStatus = open_twin(DeliveryStatus)


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
    made = _OpenStatus()
    made.message_id = message.message_id
    made.tenant = message.tenant
    made.kind = message.kind
    made.channel = message.channel
    made.to = message.to
    made.event_id = message.event_id
    made.category = message.category
    made.status = status
    made.attempt = attempt
    made.at = now
    made.commanded_at = message.commanded_at
    made.contact = message.contact
    made.staff = message.staff
    made.code = code
    made.detail = detail
    made.reason = reason
    made.provider_ref = provider_ref
    made.segments = message.segments
    made.settings_version = message.settings_version
    made.charge = message.charge
    made.number = message.number
    made.allowance = message.allowance
    made.__class__ = DeliveryStatus
    return cast("DeliveryStatus", made)
