"""What an event says of itself, and what is said of it by whatever follows from it: one and the same."""

import hashlib
import json

from processors.kind import Listed
from processors.kinds import KINDS
from schemas.billing import CreditChange
from schemas.candidate import Cause
from schemas.consent import ConsentChange, Means
from schemas.envelope import Event
from schemas.events.contacts import ConsentChanged, UnsubscribeClicked
from schemas.events.documents import CreditsPurchased
from schemas.events.inbound import DeliveryReported
from schemas.reports import LaterReport, Unsubscribed
from schemas.unsubscribe import BadToken, read

_UNTOLD = {
    kind.audience.opened_by: kind.audience.members for kind in KINDS.values() if isinstance(kind.audience, Listed)
}
"""Event type → the field that names who is listed, which nobody of them is told."""

_LATER = frozenset(kind.audience.joined_by for kind in KINDS.values() if isinstance(kind.audience, Listed))
"""Event types that may wait for another one, and then happen when that does."""


def said_of(cause: Cause) -> str:
    """An event as its messages carry it on, but for its subject."""
    actor = cause.actor
    who = (actor.kind, actor.id, actor.name, actor.roles)
    told = {name: value for name, value in cause.data.items() if name != _UNTOLD.get(cause.type)}
    return _fingerprint(cause.source, cause.type, None if cause.type in _LATER else cause.time, who, told)


def changed_by(event: Event) -> str:
    """What an event that only changes state changes, as far as that follows from it alone; else empty."""
    match event.data:
        case CreditsPurchased() as bought:
            return _fingerprint(bought.quantity, event.source)
        case DeliveryReported() as report:
            name = report.message_id or report.provider_ref or ""
            return _fingerprint(name, report.status, report.code, event.time)
        case ConsentChanged() as consent:
            return _fingerprint(consent.opted_out, consent.opted_in, consent.suppressed)
        case UnsubscribeClicked() as click:
            return _clicked(click.token)
        case _:
            return ""


def changed_in(effect: object) -> str:
    """The same, as it is said where it takes hold."""
    match effect:
        case CreditChange():
            return _fingerprint(effect.credits, effect.source)
        case LaterReport(type="delivery.reported"):
            return _fingerprint(effect.name, effect.status, effect.code, effect.at)
        case ConsentChange(means=Means.REQUEST):
            return _fingerprint(effect.opted_out, effect.opted_in, effect.suppressed)
        case Unsubscribed():
            return _fingerprint(effect.name)
        case _:
            return ""


def _clicked(token: str) -> str:
    try:
        return _fingerprint(read(token).message_id)
    except BadToken:
        return ""


def _fingerprint(*values: object) -> str:
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
