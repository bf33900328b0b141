"""Texts by email: the way through a carrier's email gateway, while the carrier is known and its gateway works.

Source: contract section 4; the gateways and their last days are data, in `carriers.json`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from processors.local_time import on_wall_clock
from schemas.candidate import Candidate
from schemas.contact import CARRIER
from schemas.reasons import Reason
from schemas.settings import Settings
from schemas.words import Channel

_NORTH_AMERICA = "+1"
_DIGITS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A carrier's email gateway, and the last day on which it works."""

    gateway: str
    last_day: date


def _known() -> dict[str, Carrier]:
    plain = json.loads(Path(__file__).with_name("carriers.json").read_text())["carriers"]
    return {
        name: Carrier(gateway=one["gateway"], last_day=date.fromisoformat(one["last_day"]))
        for name, one in plain.items()
    }


CARRIERS: Mapping[str, Carrier] = _known()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a message leaves: by its channel's gateway, or by email `to` a carrier; `refused` is why it cannot."""

    to: str | None = None
    refused: Reason | None = None
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def by_email(self) -> bool:
        """Whether it is a text that leaves by email."""
        return self.to is not None


_BY_ITS_CHANNEL = Route()


def route_of(candidate: Candidate, settings: Settings, now: datetime) -> Route:
    """The way of a message; only texts of tenants that send them by email have another than their channel's.

    An answer to a text leaves on the number that was written to, whichever way the tenant's own texts go.
    """
    texts = settings.channels.get(Channel.SMS)
    if candidate.channel is not Channel.SMS or candidate.sender is not None or texts is None or texts.via == "gateway":
        return _BY_ITS_CHANNEL
    found = _by_email(candidate, on_wall_clock(now, settings.timezone).date())
    return _BY_ITS_CHANNEL if found.refused and texts.via == "email_then_gateway" else found


def texted_from(address: str) -> tuple[str, str] | None:
    """The phone number whose texts come from this mail address, and its carrier's `sms_alerts`; None for others."""
    digits, _, domain = address.strip().lower().partition("@")
    name = next((name for name, carrier in CARRIERS.items() if carrier.gateway == domain), None)
    is_number = digits.isdecimal() and len(digits) == _DIGITS
    return (f"{_NORTH_AMERICA}{digits}", f"{CARRIER}{name}") if name and is_number else None


def _by_email(candidate: Candidate, today: date) -> Route:
    alerts, number = candidate.recipient.sms_alerts, candidate.recipient.to or ""
    carrier = CARRIERS.get(alerts.removeprefix(CARRIER)) if alerts.startswith(CARRIER) else None
    digits = number.removeprefix(_NORTH_AMERICA)
    if carrier is None or digits == number or len(digits) != _DIGITS:
        return Route(refused=Reason.CARRIER_UNKNOWN, facts={"sms_alerts": alerts})
    if today > carrier.last_day:
        facts = {"sms_alerts": alerts, "last_day": carrier.last_day.isoformat(), "today": today.isoformat()}
        return Route(refused=Reason.CARRIER_GATEWAY_RETIRED, facts=facts)
    return Route(to=f"{digits}@{carrier.gateway}")
