"""One suite over every kind: its events, its templates, and words that people can read (golden files)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from processors import kinds
from processors.kind import AtOnce, Batch, DigestWindow, Kind, Listed, Named, Writer
from processors.kinds import KINDS
from processors.render import built_in
from schemas.events import EVENT_RECORDS
from schemas.events.checks import NO_SUBJECT
from schemas.message import Message
from schemas.words import Channel
from tests.unit.processors.world import PANTRY, World

GOLDEN = Path(__file__).parent / "golden"
CLIENT = {"kind": "client", "id": "c1", "name": "Ann Lee"}
STAFF = {"kind": "staff", "id": "s1", "name": "Sam Root"}
DONE_BY_STAFF = ("on_demand", "order_altered")
EVERYTHING_ON = {
    **PANTRY["kinds"],
    "cart": {"idle": "PT1H", "warning": "PT24H", "expire": "PT48H"},
    "registration_notification": {"stop_after_registration": True},
    "route_started": {"enabled": True},
}
DEMAND = {"due_on": "2026-06-05", "amount": "90.00", "link": "https://portal.example/d/1?a=b&c=d"}
ITEMS = [{"name": "Rice", "quantity": 2}, {"name": "Black beans <dried>", "quantity": 37}]
OCCASIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "appointment_reminder": (
        "appointment.scheduled",
        {
            "appointment_id": "a1",
            "starts_at": "2026-06-10T15:00:00",
            "timezone": "America/New_York",
            "made_by": "staff",
            "title": "Pick-up & tea",
            "location": "Hall 2",
        },
    ),
    "cart_expired": ("cart.changed", {"cart_id": "k1", "items": ITEMS}),
    "cart_expiring": ("cart.changed", {"cart_id": "k1", "items": ITEMS}),
    "cart_idle": ("cart.changed", {"cart_id": "k1", "items": ITEMS}),
    "conversation": (
        "conversation.message_posted",
        {
            "conversation_id": "m1",
            "text": "The part is here & <new>.\nIs Tuesday fine?",
            "link": "https://portal.example/m",
        },
    ),
    "document": (
        "document.sent",
        {
            "document": "quote",
            "number": "Q<1>",
            "link": "https://portal.example/q/1?a=b&c=d",
            "email": True,
            "sms": True,
        },
    ),
    "inbound_forward": (
        "inbound.sms",
        {"from": "+12025550101", "to": "+12025550111", "text": "Running <late> & sorry.\nBack by 5?"},
    ),
    "inbound_transfer": ("inbound.call", {"from": "+12025550101", "to": "+12025550111"}),
    "invoice_overdue": ("invoice.issued", {"number": "I<1>", **DEMAND}),
    "keyword_reply": ("inbound.sms", {"from": "+12025550101", "text": "STOP"}),
    "login_created": ("login.created", {"username": "annlee"}),
    "login_invitation": ("login.invited", {"has_login": False, "link": "https://portal.example/join?c=1&b=2"}),
    "on_demand": (
        "message.requested",
        {"subject": "Fitting", "text": "The fitting is at <four> & free.\nBring shoes."},
    ),
    "order_altered": ("visit.edited", {"visit_id": "v1", "order_id": "o1", "changes": "2 cans of beans, not 3"}),
    "order_confirmation": ("order.completed", {"order_id": "o1", "items": ITEMS}),
    "order_notification": (
        "order.edited",
        {"order_id": "o1", "items": ITEMS, "pickup_at": "2026-06-03T10:30:00-04:00"},
    ),
    "password_chosen": ("password.chosen", {"username": "annlee"}),
    "password_reset": (
        "password.reset_requested",
        {"username": "annlee", "link": "https://portal.example/reset?token=q7&for=annlee"},
    ),
    "quote_overdue": ("quote.sent", {"number": "Q<1>", **DEMAND}),
    "registration_notification": (
        "client.registered",
        {"fields": {"household_size": 4, "languages": ["Spanish", "English"], "new": True, "how_heard": "a <friend>"}},
    ),
    "route_started": ("route.started", {"route_id": "r1", "stops": ["c1"]}),
}
"""Kind → an event that causes it; a new kind adds its line here and its golden files by `--golden`."""

EVERY_KIND_AND_CHANNEL = [(kind.name, channel) for kind in KINDS.values() for channel in kind.channels]


def fields_of(event_type: str) -> set[str]:
    return set(EVENT_RECORDS[event_type].__dataclass_fields__)


def said(kind: str, locale: str = "en-US") -> dict[Channel, Message]:
    """What the kind says on each of its channels."""
    event_type, fields = OCCASIONS[kind]
    portal = {
        "main_phone": "+12025550100",
        "portal_url": "https://portal.example/riverside",
        "contact_email": "desk@pantry.example",
    }
    channels = {channel: {"requested": True} for channel in KINDS[kind].channels}
    world = World(settings={**PANTRY, **portal, "channels": channels, "kinds": EVERYTHING_ON})
    world.ann(locale=locale, boxes={"email": True, "sms": True}, address=["Ann Lee", "1 High Street"])
    chosen = KINDS[kind].channel_in
    told = [{**fields, chosen: channel} for channel in channels] if chosen else [fields]
    if isinstance(KINDS[kind].audience, Writer):
        told = [{**fields, "to": number} for number in ("12345", "+12025550111")]
    for fields_of_one in told:
        actor = STAFF if kind in DONE_BY_STAFF else CLIENT
        subject = "" if event_type in NO_SUBJECT else "c1"
        world.happens(event_type, subject=subject, actor=actor, data=fields_of_one)
    world.passes(days=30)
    return {message.channel: message for message in world.messages if message.kind == kind}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_answers_events_that_exist(kind: Any) -> None:
    assert set(kind.on) <= EVENT_RECORDS.keys()
    assert all(switch.of in (None, *KINDS) for switch in kind.switches)
    fields = {name for event_type in kind.on for name in EVENT_RECORDS[event_type].__dataclass_fields__}
    assert {kind.once_per, kind.channel_in, *kind.dispatch_boxes.values()} <= {None, *fields}
    assert not isinstance(kind.useful_until, str) or kind.useful_until in fields


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_a_kind_names_exists(kind: Kind) -> None:
    if isinstance(kind.audience, Batch):
        assert kind.audience.whole in kind.on
        assert {kind.audience.by, kind.audience.members} <= fields_of(kind.audience.listed_by)
    if isinstance(kind.audience, Listed):
        assert {kind.audience.opened_by, kind.audience.joined_by} == set(kind.on)
        assert {kind.audience.by, kind.audience.members} <= fields_of(kind.audience.opened_by)
        assert {kind.audience.by, kind.audience.member} <= fields_of(kind.audience.joined_by)
    if isinstance(kind.audience, Named):
        assert all(kind.audience.field in fields_of(event_type) for event_type in kind.on)
    if kind.thread is not None:
        assert all(kind.thread.field in fields_of(event_type) for event_type in kind.thread.event_types)
    if kind.emits is not None:
        assert kind.emits.event_type in EVENT_RECORDS
    settings = set(kind.settings.__dataclass_fields__)
    planned = [each for each in kind.channels.values() if not isinstance(each, (AtOnce, DigestWindow))]
    windows = [each for each in kind.channels.values() if isinstance(each, DigestWindow)]
    assert {timing.setting for timing in planned} <= settings
    assert {name for window in windows for name in (window.window, window.max_window)} <= settings
    assert all(
        {window.by, window.joins, window.closed_by} <= fields_of(event_type)
        for window in windows
        for event_type in kind.on
    )
    assert kind.once_per is None or not planned + windows, "what is planned is not remembered as said"


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_one_short_file(name: str) -> None:
    [source] = Path(kinds.__file__ or "").parent.glob(f"{name}.py")
    assert source.read_text().count("\n") <= 60


@pytest.mark.parametrize(("kind", "channel"), EVERY_KIND_AND_CHANNEL)
def test_a_kind_has_templates_for_each_of_its_channels(kind: str, channel: Channel) -> None:
    words = built_in(kind, channel)
    assert words.text.strip()
    assert (words.subject is not None) == (channel is Channel.EMAIL)


@pytest.mark.parametrize(("kind", "channel"), EVERY_KIND_AND_CHANNEL)
def test_what_people_read_is_as_it_was_approved(kind: str, channel: Channel, golden: bool) -> None:
    message = said(kind)[channel]
    parts = {"subject": message.subject, "text": message.text, "html": message.html}
    for part, found in parts.items():
        path = GOLDEN / f"{kind}.{channel}.{part}"
        if found is None:
            assert not path.exists()
            continue
        if golden:
            path.parent.mkdir(exist_ok=True)
            path.write_text(found + "\n")
        assert found + "\n" == path.read_text(), f"read it, then run pytest --golden {Path(__file__).name}"


def test_dates_follow_the_recipients_locale() -> None:
    assert "onsdag 10 juni 2026" in said("appointment_reminder", "sv-SE")[Channel.EMAIL].text


def test_a_tenants_own_words_replace_the_built_in_ones_in_its_locale() -> None:
    own = {"subject": "Hej", "text": "Hej {{ contact.first_name }}: {{ starts_at | date }}"}
    settings = {**PANTRY, "templates": {"appointment_reminder": {"sv": {"email": own}}}}
    for locale, subject in (("sv-SE", "Hej"), ("en-US", "Reminder: your appointment on Wednesday, June 10, 2026")):
        world = World(settings=settings)
        world.ann(locale=locale)
        world.happens("appointment.scheduled", subject="c1", data=OCCASIONS["appointment_reminder"][1])
        world.passes(days=14)
        [mail] = [message for message in world.messages if message.channel is Channel.EMAIL]
        assert mail.subject == subject
        assert (mail.html is None) == (subject == "Hej")
