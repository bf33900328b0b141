"""An example tenant, person and event, for previews of what nothing real has happened for yet."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import schemas
from processors.kind import Desk, Kind, Writer
from processors.kinds import KINDS
from schemas.contact import Contact
from schemas.envelope import Event
from schemas.faults import Fault, Refused
from schemas.rule_settings import PREFIX
from schemas.settings import Settings
from schemas.state import TenantSettings
from schemas.validation import parse
from schemas.wire import event_from_mapping
from schemas.words import Channel
from tidings.preview import Setting

TENANT = "example"
CONTACT = "c1"
_EVENTS = Path(schemas.__file__).parent / "examples" / "events"
_DAY = datetime(2026, 3, 1, tzinfo=UTC)

SETTINGS: Mapping[str, Any] = {
    "name": "Riverside Pantry",
    "timezone": "America/New_York",
    "currency": "USD",
    "portal_url": "https://portal.example/riverside",
    "main_phone": "+12025550100",
    "contact_email": "desk@riverside.example",
    "senders": {
        "email": "Riverside <hello@riverside.example>",
        "sms": "+12025550111",
        "voice": "+12025550111",
        "short_code": "12345",
    },
    "channels": {
        **{channel: {"requested": True} for channel in Channel},
        Channel.WEBHOOK: {"requested": True, "url": "https://hooks.riverside.example/tidings"},
    },
    "programmes": {"TRUNK": {"short_code": "12345", "name": "Trunk show"}},
    "staff": [
        {
            "id": "s1",
            "name": "Uma Ort",
            "email": "uma@riverside.example",
            "phone": "+12025550102",
            "roles": ["storefront_notification", "admin", "approver", "agent"],
        }
    ],
    "kinds": {
        "appointment_reminder": {"email_hours_before": 48, "sms_hours_before": 24, "late_policy": "send_now"},
        "cart": {"idle": "PT1H", "warning": "PT24H", "expire": "PT48H"},
        "registration_notification": {"stop_after_registration": True},
        "route_started": {"enabled": True},
    },
    "billing": {
        "sms": {"model": "per_segment", "price": "0.02"},
        "voice": {"price_per_minute": "0.03"},
        "letter": {"price_per_sheet": {"second": "0.60"}},
    },
}
"""A tenant that has everything on. A file's own keys at the top replace these."""


_WRITTEN_TO = {Channel.SMS: "+12025550111", Channel.SHORT_CODE: "12345"}


def person() -> Contact:
    """Ann Lee, who can be reached on every channel."""
    return parse(
        Contact,
        {
            "id": CONTACT,
            "name": "Ann Lee",
            "first_name": "Ann",
            "email": "ann@example.org",
            "phones": [{"number": "+12025550123", "type": "mobile", "primary": True}],
            "address": ["Ann Lee", "1 High Street", "Springfield, IL 62701"],
            "boxes": {"email": True, "sms": True},
        },
    )


def example_events(kind: str, settings: Settings, tenant: str, channel: str | None) -> tuple[Event, ...]:
    """An event that causes the kind or rule; for a kind whose event chooses the channel, that channel.

    Raises Refused for a kind or rule that is not there, and for an event without an example.
    """
    rule = next((each for each in settings.rules if f"{PREFIX}{each.id}" == kind), None)
    if rule is None and kind not in KINDS:
        known = [*KINDS, *(f"{PREFIX}{each.id}" for each in settings.rules)]
        raise Refused(Fault(path="", reason=f"there is no kind or rule {kind!r}; there are {', '.join(known)}"))
    event_type = rule.on[0] if rule else KINDS[kind].on[0]
    path = _EVENTS / f"{event_type}.json"
    if not path.exists():
        raise Refused(Fault(path="", reason=f"there is no example of {event_type}; give one with --event FILE"))
    document = json.loads(path.read_text()) | {"tenant": tenant}
    if document.get("subject"):
        document["subject"] = CONTACT
    data = dict(document["data"])
    if rule is not None:
        linked = {"project": rule.project, "outcome": rule.outcome and rule.outcome[0], "attempt": rule.attempt}
        data |= {name: value for name, value in linked.items() if value is not None}
    else:
        data |= _chosen(KINDS[kind], channel)
    if "stops" in data:
        data["stops"] = [CONTACT]
    return (event_from_mapping({**document, "data": data}),)


def _chosen(kind: Kind, channel: str | None) -> dict[str, str]:
    """What makes the example one of this kind on this channel."""
    first = channel or next(iter(kind.channels))
    if isinstance(kind.audience, Writer):
        return {"to": _WRITTEN_TO[Channel(first)], "text": "HELP"}
    if isinstance(kind.audience, Desk):
        return {"to": _WRITTEN_TO[Channel.SMS], "text": "Running late, sorry. Back by 5?"}
    return {kind.channel_in: first} if kind.channel_in is not None else {}


def example_setting() -> Setting:
    """The example tenant with its one person."""
    settings = TenantSettings(tenant=TENANT, version=1, document=SETTINGS, changed_at=_DAY, event_id="example")
    return Setting(settings=settings, contacts=(person(),))
