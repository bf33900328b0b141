"""One suite over every kind: its events, its templates, and words that people can read (golden files)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from processors.kinds import KINDS
from processors.render import built_in
from schemas.events import EVENT_RECORDS
from schemas.message import Message
from schemas.words import Channel
from tests.unit.processors.world import PANTRY, World

GOLDEN = Path(__file__).parent / "golden"
CLIENT = {"kind": "client", "id": "c1", "name": "Ann Lee"}
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
    "order_confirmation": ("order.completed", {"order_id": "o1", "items": ITEMS}),
    "order_notification": (
        "order.edited",
        {"order_id": "o1", "items": ITEMS, "pickup_at": "2026-06-03T10:30:00-04:00"},
    ),
}
"""Kind → an event that causes it; a new kind adds its line here and its golden files by `--golden`."""

EVERY_KIND_AND_CHANNEL = [(kind.name, channel) for kind in KINDS.values() for channel in kind.channels]


def said(kind: str, locale: str = "en-US") -> dict[Channel, Message]:
    """What the kind says on each of its channels."""
    event_type, fields = OCCASIONS[kind]
    world = World(settings={**PANTRY, "main_phone": "+12025550100", "portal_url": "https://portal.example/riverside"})
    world.ann(locale=locale)
    world.happens(event_type, subject="c1", actor=CLIENT, data=fields)
    world.passes(days=14)
    return {message.channel: message for message in world.messages if message.kind == kind}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_answers_events_that_exist(kind: Any) -> None:
    assert set(kind.on) <= EVENT_RECORDS.keys()
    assert all(switch.of in (None, *KINDS) for switch in kind.switches)
    fields = {name for event_type in kind.on for name in EVENT_RECORDS[event_type].__dataclass_fields__}
    assert {kind.useful_until} <= {None, *fields}


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
