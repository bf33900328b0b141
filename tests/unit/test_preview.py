"""Previews: byte for byte what is sent, on an example for every kind, and honest about what would not leave."""

import json
from datetime import UTC, date, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateways.unsubscribe.keys import FILE, keys_of
from processors.kind import Writer
from processors.kinds import KINDS
from processors.settings import typed
from schemas.contact import Contact
from schemas.events.checks import NO_SUBJECT
from schemas.message import Message
from schemas.state import TenantSettings
from schemas.topics import EVENTS, SETTINGS
from schemas.validation import parse
from schemas.words import Channel
from tests.unit.processors.test_kinds import CLIENT, DONE_BY_STAFF, EVERYTHING_ON, OCCASIONS, STAFF
from tests.unit.processors.world import ANN, PANTRY, World
from tidings.cli.root import app
from tidings.config import load
from tidings.example import example_events, example_setting
from tidings.preview import Happened, Setting, preview
from tidings.preview_files import files_of, on_the_wire

EVERY_KIND_AND_CHANNEL = [(kind.name, channel) for kind in KINDS.values() for channel in kind.channels]
BILLED = {"billing": {"sms": {"model": "per_segment", "price": "0.02"}}, "currency": "USD"}
AT_HOME = {"main_phone": "+12025550100", "contact_email": "desk@pantry.example"}
RULE: dict[str, Any] = {
    "id": "lost/1",
    "on": ["parcel.lost"],
    "to": ["contact", "staff:storefront_notification"],
    "channel": "email",
    "subject": "Parcel {{ parcel }}",
    "html": "<style>p{color:#b00}</style><p>Dear {{ contact.first_name }}</p>",
    "timing": {"after": "PT2H"},
}


def tidings(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["preview", *arguments], catch_exceptions=False)


def sent_and_previewed(settings: dict[str, Any], event_type: str, **event: Any) -> tuple[list[Message], list[Message]]:
    """What the pipeline orders because of one event, and what a preview of that event shows."""
    world = World(settings=settings)
    world.ann(boxes={"email": True, "sms": True})
    known = world.runner.shared(SETTINGS.name)["pantry"]
    assert isinstance(known, TenantSettings)
    published = world.runner.watch(EVENTS.name)
    world.happens(event_type, **event)
    # The first one: what is texted may publish events of its own.
    happened = Happened(event=published[0].value, at=published[0].now)  # type: ignore[arg-type]  # it is an Event
    world.passes(days=30)
    ann = parse(Contact, {**ANN, "id": "c1", "boxes": {"email": True, "sms": True}})
    shown = preview(Setting(settings=known, contacts=(ann,)), [happened], None, None)
    return world.messages, [sheet.message for sheet in shown.sheets if sheet.message]


@pytest.mark.parametrize("kind", OCCASIONS)
def test_what_is_previewed_is_what_is_sent(kind: str) -> None:
    event_type, data = OCCASIONS[kind]
    channels = {channel: {"requested": True} for channel in KINDS[kind].channels}
    chosen = KINDS[kind].channel_in
    written_to = {"to": "+12025550111"} if isinstance(KINDS[kind].audience, Writer) else {}
    sent, shown = sent_and_previewed(
        {**PANTRY, **BILLED, **AT_HOME, "channels": channels, "kinds": EVERYTHING_ON},
        event_type,
        subject="" if event_type in NO_SUBJECT else "c1",
        actor=STAFF if kind in DONE_BY_STAFF else CLIENT,
        data={**data, **({chosen: next(iter(channels))} if chosen else {}), **written_to},
    )
    assert sent
    assert sorted(map(repr, shown)) == sorted(map(repr, sent))


def test_a_rules_mail_is_previewed_byte_for_byte() -> None:
    sent, shown = sent_and_previewed({**PANTRY, "rules": [RULE]}, "parcel.lost", subject="c1", data={"parcel": "<P>"})
    assert {message.to for message in sent} == {"ann@example.org", "sam@pantry.example"}
    wire = {message.to: on_the_wire(message) for message in sent}
    assert {message.to: on_the_wire(message) for message in shown} == wire


@pytest.mark.parametrize("has_keys", [True, False])
def test_marketing_mail_is_shown_with_the_link_that_its_gateway_signs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_keys: bool
) -> None:
    monkeypatch.setenv("TIDINGS_HOME", str(tmp_path))
    monkeypatch.setenv("TIDINGS_UNSUBSCRIBE__URL", "https://mail.shop.example/u")
    keys = keys_of(load()) if has_keys else None
    rules, out = tmp_path / "rules.yaml", tmp_path / "out"
    rules.write_text(json.dumps([{**RULE, "on": ["order.completed"], "subject": "Offer", "class": "marketing"}]))
    shown = tidings("rule:lost/1", "--settings", str(rules), "--write", str(out), "--json")
    first = json.loads(shown.stdout)["messages"][0]["message"]
    link = first["text"].rpartition("Unsubscribe: ")[2]
    parts = list(message_from_bytes((out / "rule-lost-1.email.eml").read_bytes()).walk())
    assert parts[0]["List-Unsubscribe"].split() == [f"<{link}>"]
    assert bytes(parts[1].get_payload(decode=True)).decode().splitlines() == first["text"].splitlines()
    assert bytes(parts[2].get_payload(decode=True)).decode().splitlines() == first["html"].splitlines()
    assert (out / "rule-lost-1.email.txt").read_text() == first["text"]
    if keys is not None:
        assert keys.verified(link.rpartition("/")[2], date(2026, 6, 1)).message_id == first["message_id"]
    assert (tmp_path / FILE).exists() == has_keys, "a preview writes nothing"


@pytest.mark.parametrize(("kind", "channel"), EVERY_KIND_AND_CHANNEL)
def test_every_kind_has_an_example_on_each_of_its_channels(kind: str, channel: Channel) -> None:
    setting = example_setting()
    events = example_events(kind, typed(setting.settings).settings, setting.settings.tenant, channel)
    shown = preview(setting, [Happened(event=each, at=each.time) for each in events], kind, channel)
    assert {sheet.stop for sheet in shown.sheets if sheet.message} == {None}


def test_earlier_events_are_heard_first() -> None:
    first, second = OCCASIONS["appointment_reminder"], {"appointment_id": "a1", "starts_at": "2026-06-20T15:00:00Z"}
    world = World(settings=PANTRY)
    world.ann()
    published = world.runner.watch(EVENTS.name)
    world.happens(first[0], subject="c1", data=first[1])
    world.passes(hours=1)
    world.happens("appointment.rescheduled", subject="c1", data=second)
    known: Any = world.runner.shared(SETTINGS.name)["pantry"]
    events = [Happened(event=record.value, at=record.now) for record in published]  # type: ignore[arg-type]  # Events
    shown = preview(Setting(settings=known, contacts=(parse(Contact, {**ANN, "id": "c1"}),)), events, None, None)
    assert {sheet.at for sheet in shown.sheets} == {datetime(2026, 6, day, 15, tzinfo=UTC) for day in (18, 19)}


def test_words_segments_price_and_files(tmp_path: Path) -> None:
    settings = tmp_path / "own.yaml"
    settings.write_text("templates: {document: {sms: {text: 'Look at {{ link }} ☂'}}}")
    shown = tidings("document", "--settings", str(settings), "--write", str(tmp_path / "out"))
    assert shown.exit_code == 0
    assert "Look at https://portal.example/fieldco/q/1001 ☂\nSegments: 1 (ucs2)\nPrice: 0.02 USD\n" in shown.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "document.email.eml",
        "document.email.html",
        "document.email.txt",
        "document.sms.txt",
    ]
    assert "☂" in (tmp_path / "out" / "document.sms.txt").read_text()


def test_a_call_is_shown_as_it_is_spoken() -> None:
    shown = tidings("on_demand", "--channel", "voice")
    assert "on_demand by voice to +12025550123" in shown.stdout
    assert "Spoken:\nYour order is on its way.\n" in shown.stdout


def test_what_a_gate_would_stop_is_shown_with_the_reason(tmp_path: Path) -> None:
    settings = tmp_path / "own.yaml"
    settings.write_text("channels: {email: {requested: false}}")
    shown = tidings("order_confirmation", "--settings", str(settings))
    assert "It would not leave: the tenant has not asked for this channel (channel_not_activated)." in shown.stdout
    assert "Thank you for your order." in shown.stdout


def test_a_kind_that_is_off_says_which_setting(tmp_path: Path) -> None:
    settings = tmp_path / "own.yaml"
    settings.write_text("kinds: {}")
    shown = tidings("cart_idle", "--settings", str(settings))
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert "(setting_off:idle)" in shown.stderr


def test_an_event_of_a_file_and_a_rule(tmp_path: Path) -> None:
    rules, event = tmp_path / "rules.yaml", tmp_path / "event.json"
    rules.write_text(json.dumps([RULE]))
    event.write_text(
        json.dumps(
            {
                "id": "e1",
                "type": "parcel.lost",
                "tenant": "elsewhere",
                "subject": "c1",
                "time": "2026-06-01T10:00:00Z",
                "data": {"parcel": "P1"},
            }
        )
    )
    shown = tidings("rule:lost/1", "--settings", str(rules), "--event", str(event), "--json")
    messages = json.loads(shown.stdout)["messages"]
    assert {(each["message"]["to"], each["message"]["subject"]) for each in messages} == {
        ("ann@example.org", "Parcel P1"),
        ("uma@riverside.example", "Parcel P1"),
    }
    written = tidings("--settings", str(rules), "--event", str(event), "--write", str(tmp_path / "out"))
    assert written.exit_code == 0
    assert {path.name for path in (tmp_path / "out").glob("*.eml")} == {
        "rule-lost-1.email.eml",
        "rule-lost-1.email.2.eml",
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Name a kind or rule:ID"),
        (("nothing",), "There is no kind or rule 'nothing'; there are appointment_reminder, "),
        (("document", "--channel", "fax"), "There is no channel 'fax'"),
        (("document", "--event-id", "e1"), "--event-id needs --tenant."),
        (("document", "--event", "/nowhere"), "/nowhere cannot be read"),
        (("document", "--settings", "/nowhere"), "/nowhere: cannot be read"),
    ],
)
def test_what_cannot_be_previewed_is_said(arguments: tuple[str, ...], said: str) -> None:
    shown = tidings(*arguments)
    assert shown.exit_code == 2
    assert shown.stderr.startswith(said)


def test_messages_that_cannot_be_mail_make_no_mail_file() -> None:
    setting = example_setting()
    [event] = example_events("order_confirmation", typed(setting.settings).settings, "example", None)
    shown = preview(setting, [Happened(event=event, at=event.time)], "order_confirmation", None)
    assert set(files_of(shown)) == {
        "order_confirmation.email.txt",
        "order_confirmation.email.html",
        "order_confirmation.email.eml",
    }
