"""Allowances: what caps give a recipient of a category, and what of it is used up at an instant (contract section 9).

Days are calendar days and weeks are ISO weeks, both on the recipient's clock.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from processors.effects import Forward, row_key
from processors.local_time import on_wall_clock
from schemas.address import recipient_key
from schemas.allowance import Allowance
from schemas.candidate import Candidate
from schemas.clock import rfc3339
from schemas.message import Message
from schemas.places import Place
from schemas.replacing import replace
from schemas.settings import Settings
from schemas.topics import AUDIENCE
from schemas.words import Channel


def allowance_of(candidate: Candidate, settings: Settings) -> Allowance | None:
    """What the recipient may get of the message's category.

    None without a limit, for what no person gets, and for what somebody asked for just now: a STOP must be confirmed.
    """
    cap = settings.caps.get(candidate.category)
    if cap is None or (cap.per_day is None and cap.per_week is None):
        return None
    if candidate.channel is Channel.WEBHOOK or candidate.is_awaited:
        return None
    timezone = candidate.recipient.timezone or settings.timezone
    return Allowance(per_day=cap.per_day, per_week=cap.per_week, timezone=timezone)


def back_to_allowance(message: Message) -> Forward:
    """Its tenant's purse lets a message leave: it goes back to its recipient's allowance, which has the last word."""
    if message.allowance is None:
        raise LookupError(f"message {message.message_id} has no allowance to go back to")
    back = replace(message, allowance=replace(message.allowance, is_paid=True))
    return Forward(topic=AUDIENCE.name, key=message.recipient_key, value=back)


def places_row(tenant: str, contact: str | None, staff: str | None, address: str, category: str) -> str:
    """The row of a recipient's places; a contact and a member of staff may have the same id."""
    who = "contact" if contact else "staff" if staff else "address"
    return row_key(recipient_key(tenant, contact, staff, address), who, category)


def used_up(allowance: Allowance, category: str, taken: Iterable[Place], now: datetime) -> Mapping[str, object] | None:
    """The facts of the first limit that leaves no place; None while there is one."""
    places = tuple(taken)
    today = on_wall_clock(now, allowance.timezone).date()
    for per, limit, period in _limits(allowance, today):
        inside = [each for each in places if period in _periods(each, allowance.timezone)]
        if limit is not None and len(inside) >= limit:
            by = [{"message_id": each.message_id, "at": rfc3339(each.at)} for each in inside]
            return {f"caps.{category}.{per}": limit, "in": period, "by": by}
    return None


def _limits(allowance: Allowance, today: date) -> Iterator[tuple[str, int | None, str]]:
    yield "per_day", allowance.per_day, today.isoformat()
    yield "per_week", allowance.per_week, _week(today)


def _periods(place: Place, timezone: str) -> tuple[str, str]:
    day = on_wall_clock(place.at, timezone).date()
    return day.isoformat(), _week(day)


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"
