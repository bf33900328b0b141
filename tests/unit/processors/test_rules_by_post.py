"""Rules whose messages are letters and webhooks, and rules on events that change what is known."""

import json
from typing import Any

import pytest

from processors.as_it_stands import PEOPLE
from schemas.billing import Usage
from schemas.words import Channel, InDoubt, Status
from tests.unit.processors.world import ANN, PANTRY, World

HOOK = "https://hooks.example/in?a=1"
ADDRESS = ["Ann Lee", "1 High Street", "Springfield, IL 62701"]
CHANNELS = {
    **PANTRY["channels"],
    "letter": {"requested": True},
    "webhook": {"requested": True, "url": HOOK, "secret": "0123456789abcdef"},
}
BILLING = {"letter": {"price_per_sheet": {"second": "0.60"}}}
RULE: dict[str, Any] = {"id": "r", "on": ["parcel.lost"], "to": ["contact"], "channel": "letter", "text": "We look."}
STAFF = {"channel": "email", "to": ["staff:storefront_notification"], "subject": "Note"}


def shop(*rules: dict[str, Any], **settings: Any) -> World:
    made = [{**RULE, **rule} for rule in rules]
    world = World(settings={**PANTRY, "channels": CHANNELS, "rules": made, **settings})
    world.ann(address=ADDRESS)
    assert world.refused == []
    return world


@pytest.mark.parametrize(
    ("entry", "data", "to", "reason"),
    [
        ("contact", {}, "Ann Lee, 1 High Street, Springfield, IL 62701", None),
        ("Desk, 2 Low Street , Springfield", {}, "Desk, 2 Low Street, Springfield", None),
        ("field:sent_to", {"sent_to": "Bo\n3 Mid Road\nSpringfield"}, "Bo, 3 Mid Road, Springfield", None),
        ("field:sent_to", {"sent_to": ["Bo", "3 Mid Road"]}, "Bo, 3 Mid Road", None),
        ("field:sent_to", {"sent_to": "Springfield"}, None, "no_address:field:sent_to"),
        ("field:sent_to", {"sent_to": [1, 2]}, None, "no_address:field:sent_to"),
        ("role:bride", {"roles": {"bride": "c2"}}, "Zoe, 9 Hill Lane", None),
        ("role:bride", {"roles": {"bride": "c3"}}, None, "no_address:letter"),
    ],
)
@pytest.mark.parametrize("timing", [{"at": "now"}, {"after": "PT1H"}], ids=["now", "later"])
def test_a_letter_goes_to_the_lines_of_its_entry(
    entry: str, data: dict[str, Any], to: str | None, reason: str | None, timing: dict[str, Any]
) -> None:
    world = shop({"to": [entry], "timing": timing})
    world.happens("contact.changed", subject="c2", data={"name": "Zoe", "address": ["Zoe", "9 Hill Lane"]})
    world.happens("contact.changed", subject="c3", data={"name": "Uma"})
    event = world.happens("parcel.lost", subject="c1", data=data)
    world.passes(hours=2)
    assert [(message.channel, message.to) for message in world.messages] == ([(Channel.LETTER, to)] if to else [])
    assert world.reasons(event)[-1][2] == reason


def test_a_letter_of_a_rule_is_billed_by_its_sheets() -> None:
    world = shop({"text": "A line.\n" * 100, "from": "The Pantry"}, billing=BILLING, currency="USD")
    world.happens("parcel.lost", subject="c1", data={})
    [letter] = world.messages
    assert (letter.from_, letter.in_doubt, letter.subject) == ("The Pantry", InDoubt.HOLD, None)
    world.reports(letter, Status.DELIVERED)
    [usage] = world.of("billing.usage", Usage)
    assert (usage.units, usage.unit, str(usage.amount)) == (2, "sheet", "1.20")


def test_a_letter_over_the_months_limit_does_not_leave() -> None:
    world = shop({}, billing={**BILLING, "spend_cap": {"per_month": "0.50"}}, currency="USD")
    event = world.happens("parcel.lost", subject="c1", data={})
    assert world.messages == []
    assert world.reasons(event, "rule:r")[-1] == ("dropped", "letter", "spend_cap_reached")


@pytest.mark.parametrize(
    ("entry", "data", "to", "contact", "reason"),
    [
        ("contact", {}, HOOK, "c1", None),
        ("role:bride", {"roles": {"bride": "c2"}}, HOOK, "c2", None),
        ("role:bride", {}, None, None, "no_address:field:roles.bride"),
        ("https://other.example/Path", {}, "https://other.example/Path", None, None),
        ("field:reply.url", {"reply": {"url": "https://third.example/"}}, "https://third.example/", None, None),
        ("field:reply.url", {"reply": {"url": "http://third.example/"}}, None, None, "no_address:field:reply.url"),
        ("field:reply.url", {"reply": {"url": "https://a.example/\nX: y"}}, None, None, "no_address:field:reply.url"),
    ],
)
@pytest.mark.parametrize("timing", [{"at": "now"}, {"after": "PT1H"}], ids=["now", "later"])
def test_a_webhook_goes_to_the_tenants_own_address_or_the_one_that_is_named(
    entry: str, data: dict[str, Any], to: str | None, contact: str | None, reason: str | None, timing: dict[str, Any]
) -> None:
    world = shop({"channel": "webhook", "to": [entry], "timing": timing})
    event = world.happens("parcel.lost", subject="c1", data=data)
    world.passes(hours=2)
    assert [(message.to, message.contact) for message in world.messages] == ([(to, contact)] if to else [])
    assert world.reasons(event)[-1][2] == reason


def test_a_webhook_without_words_posts_the_event_and_its_contact() -> None:
    world = shop({"channel": "webhook", "text": None})
    event = world.happens("parcel.lost", subject="c1", data={"parcel": 'P"1 😀'}, actor={"kind": "staff", "id": "s1"})
    [message] = world.messages
    posted = json.loads(message.text)
    assert (posted["type"], posted["timestamp"]) == ("parcel.lost", "2026-06-01T14:00:00Z")
    said = posted["data"]
    assert (said["event_id"], said["kind"], said["message_id"]) == (event, "rule:r", message.message_id)
    assert (said["fields"], said["contact"]["email"]) == ({"parcel": 'P"1 😀'}, "ann@example.org")
    assert said["actor"] == {"kind": "staff", "id": "s1", "roles": []}


def test_a_webhook_with_words_posts_these() -> None:
    world = shop({"channel": "webhook", "text": '{"lost": {{ parcel | json }}}'})
    world.happens("parcel.lost", subject="c1", data={"parcel": 'P"1'})
    assert [json.loads(message.text) for message in world.messages] == [{"lost": 'P"1'}]


def test_caps_do_not_count_what_no_person_gets() -> None:
    world = shop({"channel": "webhook"}, caps={"service": {"per_day": 1}})
    for number in range(3):
        world.happens("parcel.lost", subject="c1", data={"parcel": number})
    assert len(world.messages) == 3


def test_without_a_request_no_webhook_leaves() -> None:
    world = shop({"channel": "webhook"}, channels={**CHANNELS, "webhook": {"requested": False}})
    event = world.happens("parcel.lost", subject="c1", data={})
    assert world.reasons(event) == [("dropped", "webhook", "channel_not_activated")]


@pytest.mark.parametrize("channel", ["letter", "webhook"])
def test_erasing_a_contact_withdraws_its_letters_and_webhooks(channel: str) -> None:
    quiet = {"start": "20:00", "end": "08:00", "channels": [channel]}
    world = shop({"channel": channel}, quiet_hours=quiet)
    world.passes(hours=12)
    event = world.happens("parcel.lost", subject="c1", data={})
    world.happens("contact.changed", subject="c1", data=None)
    world.passes(days=1)
    assert world.messages == []
    assert world.reasons(event)[-1] == ("cancelled", channel, "cancelled_by_event")
    told = {topic for topic in (Channel.LETTER, Channel.WEBHOOK) if world.withdrawn_at(topic)}
    assert told == {Channel.LETTER, Channel.WEBHOOK}


STATE_CHANGES: list[tuple[str, dict[str, Any], str]] = [
    ("contact.changed", {"attributes": {"vip": True}}, "{{ event.data.attributes.vip }} {{ contact.name }}"),
    ("consent.changed", {"address": "ann@example.org", "opted_out": ["marketing"]}, "{{ address }} {{ opted_out[0] }}"),
    ("credits.purchased", {"channel": "sms", "quantity": 500, "paid_by": "card"}, "{{ quantity }} by {{ paid_by }}"),
    ("settings.changed", {"name": "River", "caps": {}}, "{{ tenant.name }} {{ version }}: {{ changed | join(' ') }}"),
    ("payment.received", {"account": "1001", "amount": "5.00"}, "{{ account }} {{ amount }}"),
    ("quote.approved", {"number": "Q1"}, "{{ number }}"),
    ("invoice.voided", {"number": "I1"}, "{{ number }}"),
]
SAID = ["True Ann Lee", "ann@example.org marketing", "500 by card", "River 2: caps name", "1001 5.00", "Q1", "I1"]


@pytest.mark.parametrize(
    ("on", "data", "text", "said"),
    [(*change, said) for change, said in zip(STATE_CHANGES, SAID, strict=True)],
    ids=[on for on, _, _ in STATE_CHANGES],
)
def test_a_rule_answers_what_changes_the_state(on: str, data: dict[str, Any], text: str, said: str) -> None:
    world = World(settings={**PANTRY, "rules": [{**RULE, **STAFF, "on": [on], "text": text}]})
    world.happens("contact.changed", subject="c1", source=PEOPLE, data=ANN)
    before = len(world.messages)
    subject = "" if on in ("settings.changed", "credits.purchased") else "c1"
    event = world.happens(on, subject=subject, data=data)
    assert [message.text for message in world.messages[before:]] == [said]
    assert world.reasons(event, "rule:r") == [("sent", "email", None)]


def test_a_rule_on_changed_contacts_sees_the_contact_as_it_is_now() -> None:
    world = shop({"on": ["contact.changed"], "channel": "email", "subject": "Hello", "when": "contact.name == 'Ann B'"})
    world.happens("contact.changed", subject="c1", data={"email": "new@example.org", "name": "Ann B"})
    assert [message.to for message in world.messages] == ["new@example.org"]


def test_no_rule_answers_the_erasure_of_a_contact_or_a_change_that_is_refused() -> None:
    world = shop({**STAFF, "on": ["contact.changed"], "when": "contact.name == 'Zoe'"})
    world.happens("contact.changed", subject="c1", data={"name": "Zoe", "phones": [{"number": "12"}]})
    world.happens("contact.changed", subject="c1", data=None)
    assert world.messages == []
    assert [letter.type for letter in world.refused] == ["contact.changed"]


def test_no_rule_answers_an_event_that_only_says_how_things_stand() -> None:
    world = shop({**STAFF, "on": ["contact.changed"], "when": "contact.name == 'Zoe'"})
    world.happens("contact.changed", subject="c2", source=PEOPLE, data={"name": "Zoe"})
    assert world.messages == []


def test_a_rule_hears_of_its_own_beginning_and_not_of_its_end() -> None:
    world = World(settings={**PANTRY, "rules": [{**RULE, **STAFF, "on": ["settings.changed"]}]})
    assert [(message.text, message.settings_version) for message in world.messages] == [("We look.", 1)]
    world.happens("settings.changed", data={"rules": []})
    assert len(world.messages) == 1
