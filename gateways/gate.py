"""The last-moment gate: what may have changed between dispatching a message and sending it."""

from dataclasses import dataclass
from datetime import datetime

from schemas.clock import rfc3339
from schemas.consent import Consent
from schemas.delivery import AttemptState
from schemas.message import Message
from schemas.reasons import Reason
from schemas.words import Status

KEYWORD_REPLY = "keyword_reply"
"""The kind that passes an opt-out: a STOP must be confirmed (contract section 11, Keyword replies)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Barred:
    """A message that must not leave any more: how it ends, and the closed reason."""

    state: AttemptState
    status: Status
    reason: str


def barred(message: Message, consent: Consent | None, now: datetime) -> Barred | None:
    """Why the message must not be sent now, or None. The order is that of contract section 11."""
    if message.useful_until is not None and now > message.useful_until:
        reason = Reason.EXPIRED.of(rfc3339(message.useful_until))
        return Barred(state=AttemptState.EXPIRED, status=Status.EXPIRED, reason=reason)
    if consent is None:
        return None
    scope = None if message.kind == KEYWORD_REPLY else consent.refused_scope(message.category, message.programme)
    if scope is not None:
        return Barred(state=AttemptState.SUPPRESSED, status=Status.SUPPRESSED, reason=Reason.OPTED_OUT.of(scope))
    if consent.suppressed is not None:
        reason = Reason.SUPPRESSED.of(consent.suppressed)
        return Barred(state=AttemptState.SUPPRESSED, status=Status.SUPPRESSED, reason=reason)
    return None
