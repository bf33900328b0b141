from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from processors.emissions import SOURCE
from schemas.consent import Consent
from schemas.message import Message
from schemas.topics import EVENTS
from schemas.words import Status
from tests.unit.processors.world import MONDAY, PANTRY, World

ANNS, PANTRYS, CODE = "+12025550101", "+12025550111", "12345"
SHOP: Mapping[str, Any] = {
    **PANTRY,
    "main_phone": "+12025550100",
    "contact_email": "desk@pantry.example",
    "smtp_contact_email": "smtp@pantry.example",
    "channels": {name: {"requested": True} for name in ("email", "sms", "short_code", "voice")},
    "footers": {"sms": "Reply STOP to unsubscribe"},
    "programmes": {
        "TRUNK": {"short_code": CODE, "name": "Trunk shows", "confirmation": "Welcome.", "help": "Call us."},
        "SALE": {"short_code": CODE, "name": "Sales"},
    },
    "rules": [
        {"id": "ready", "on": ["rental.ready"], "to": ["contact"], "channel": "sms", "text": "It is ready."},
        {
            "id": "show",
            "on": ["show.opened"],
            "to": ["contact"],
            "channel": "short_code",
            "class": "marketing",
            "programme": "TRUNK",
            "text": "A show.",
        },
    ],
}


def shop(**settings: Any) -> World:
    world = World(settings={**SHOP, **settings})
    world.ann()
    return world


def texts(world: World, text: str, to: str = PANTRYS, **attributes: Any) -> str:
    return world.happens("inbound.sms", data={"from": ANNS, "to": to, "text": text}, **attributes)


def consent(world: World, address: str = ANNS) -> Consent:
    return next(each for each in reversed(world.of("consents", Consent)) if each.address == address)


def of_kind(world: World, kind: str) -> list[Message]:
    return [message for message in world.messages if message.kind == kind]


def test_a_repeated_stop_is_not_answered_again_and_says_why() -> None:
    world = shop()
    first, second = texts(world, "STOP"), texts(world, "stop!")
    assert world.reasons(first) == [("sent", "sms", None)]
    assert world.reasons(second) == [("dropped", "sms", "opted_out:all")]


def test_a_keyword_from_a_name_takes_hold_and_is_not_answered_for_a_name_has_no_number() -> None:
    world = shop()
    stop = world.happens("inbound.sms", data={"from": "BANKCO", "to": PANTRYS, "text": "STOP"})
    assert world.reasons(stop) == [("dropped", "sms", "no_address:sms")]
    assert consent(world, "BANKCO").opted_out == ("all",)
    assert world.messages == []


def test_an_opt_out_says_in_decisions_how_it_came_to_be() -> None:
    world = shop()
    stop = texts(world, "STOP")
    ready = world.happens("rental.ready", subject="c1", data={})
    [decision] = [each for each in world.decisions if each.event_id == ready]
    assert decision.reason == "opted_out:all"
    assert decision.facts == {
        "opted_out": ["all"],
        "by": "keyword",
        "by_event": stop,
        "since": "2026-06-01T14:00:00Z",
    }


def test_a_stop_sets_no_sms_at_every_contact_with_the_number_and_start_takes_it_back() -> None:
    world = shop()
    changes = world.runner.watch(EVENTS.name)
    world.happens("contact.changed", subject="c2", data={"name": "Bob", "phones": [{"number": ANNS, "primary": True}]})
    world.happens("contact.changed", subject="c3", data={"name": "Cyd", "phones": [{"number": "+12025550103"}]})
    changes.clear()
    texts(world, "STOP")
    texts(world, "START")
    own = [record.value for record in changes if record.value.source == SOURCE]
    assert [(event.subject, event.data.patch["sms_alerts"]) for event in own] == [
        ("c1", "No SMS"),
        ("c2", "No SMS"),
        ("c1", "SMS OK"),
        ("c2", "SMS OK"),
    ]


def test_a_start_leaves_the_carrier_of_somebody_who_never_stopped() -> None:
    world = shop()
    world.happens("contact.changed", subject="c1", data={"sms_alerts": "carrier:verizon"})
    changes = world.runner.watch(EVENTS.name)
    texts(world, "YES")
    assert [record.value for record in changes if record.value.source == SOURCE] == []


def test_a_contact_who_was_erased_is_not_made_again_by_a_stop() -> None:
    world = shop()
    world.happens("contact.changed", subject="c1", data=None)
    world.happens("contact.changed", subject="c1", source=SOURCE, data={"sms_alerts": "No SMS"})
    texts(world, "hello")
    assert "nobody we know" in of_kind(world, "inbound_forward")[0].text


def test_keyword_replies_pass_quiet_hours_and_bear_no_footer() -> None:
    world = shop(quiet_hours={"start": "00:00", "end": "23:59"})
    stop = texts(world, "STOP")
    assert world.reasons(stop) == [("sent", "sms", None)]
    assert "unsubscribe" not in of_kind(world, "keyword_reply")[0].text


@pytest.mark.parametrize("settings", [{"channels": {}}, {"support_agreement_until": "2026-05-31"}])
def test_a_keyword_takes_hold_where_its_reply_cannot_leave(settings: Mapping[str, Any]) -> None:
    world = shop(**settings)
    texts(world, "STOP")
    assert of_kind(world, "keyword_reply") == []
    assert consent(world).opted_out == ("all",)


def test_a_keyword_takes_hold_where_its_reply_is_switched_off() -> None:
    world = shop(kinds={"keyword_reply": {"enabled": False}})
    stop = texts(world, "STOP")
    assert world.reasons(stop) == [("dropped", "sms", "setting_off:enabled")]
    assert consent(world).opted_out == ("all",)


def test_a_programme_reaches_who_joined_it_until_they_leave() -> None:
    world = shop()
    reasons = []
    for words in ("nothing", "TRUNK", "STOP", "START", "trunk"):
        texts(world, words, to=CODE)
        reasons += world.reasons(world.happens("show.opened", subject="c1", data={}))
    assert [reason for _, _, reason in reasons] == [
        "not_opted_in:TRUNK",
        None,
        "opted_out:TRUNK",
        "not_opted_in:TRUNK",
        None,
    ]
    assert {message.from_ for message in of_kind(world, "rule:show")} == {CODE}
    assert [message.text for message in of_kind(world, "keyword_reply")][:2] == ["Call us.", "Welcome."]


@pytest.mark.parametrize(
    ("words", "to", "told"),
    [
        ("STOP", PANTRYS, "Reply START to get them again."),
        ("STOPALL", CODE, "Reply START to get them again."),
        ("STOP", CODE, "Text TRUNK or SALE to join again."),
        ("START", CODE, "Text TRUNK or SALE to join. Reply STOP to end them, HELP for help."),
    ],
)
def test_an_answer_says_which_word_brings_back_what_was_ended(words: str, to: str, told: str) -> None:
    """START to a short code opts in to none of its programmes (contract section 11, START)."""
    world = shop()
    texts(world, words, to=to)
    [reply] = of_kind(world, "keyword_reply")
    assert reply.text.endswith(told)


def test_leaving_a_programme_keeps_the_texts_of_the_long_number() -> None:
    world = shop()
    texts(world, "STOP", to=CODE)
    assert consent(world).opted_out == ("TRUNK", "SALE")
    assert world.reasons(world.happens("rental.ready", subject="c1", data={})) == [("sent", "sms", None)]


def test_start_anywhere_lifts_what_stopall_set() -> None:
    world = shop()
    texts(world, "STOPALL", to=CODE)
    assert consent(world).opted_out == ("all",)
    texts(world, "START", to=CODE)
    assert consent(world).opted_out == ()
    assert world.reasons(world.happens("rental.ready", subject="c1", data={})) == [("sent", "sms", None)]


def test_a_forwarded_text_shows_the_message_it_answers_for_a_week() -> None:
    world = shop()
    world.happens("rental.ready", subject="c1", data={})
    texts(world, "HELP")
    texts(world, "on my way")
    world.passes(days=8)
    texts(world, "sorry, late")
    early, late = of_kind(world, "inbound_forward")
    assert "It is ready." in early.text
    assert "It is ready." not in late.text
    assert world.runner.next_due() is None


def test_a_forwarded_text_keeps_its_newest_message_longer_than_the_first_ones_week() -> None:
    world = shop()
    world.happens("rental.ready", subject="c1", data={})
    world.passes(days=5)
    world.happens("rental.ready", subject="c1", data={})
    world.passes(days=5)
    texts(world, "on my way")
    assert "It is ready." in of_kind(world, "inbound_forward")[0].text


def test_a_text_of_somebody_unknown_is_forwarded_as_such() -> None:
    world = World(settings=SHOP)
    texts(world, "who is this?")
    [mail] = of_kind(world, "inbound_forward")
    assert "nobody we know" in mail.text
    assert mail.subject == f"Text from {ANNS}"


def test_a_text_without_anybody_to_read_it_says_so() -> None:
    world = shop(contact_email=None)
    assert world.reasons(texts(world, "hello")) == [("dropped", "email", "no_address:email")]


def test_erasing_a_contact_forgets_name_and_words() -> None:
    world = shop()
    world.happens("rental.ready", subject="c1", data={})
    world.happens("contact.changed", subject="c1", data=None)
    texts(world, "hello")
    [mail] = of_kind(world, "inbound_forward")
    assert "Ann" not in mail.text
    assert "It is ready." not in mail.text


def test_a_contact_with_a_new_number_is_no_longer_known_under_the_old_one() -> None:
    world = shop()
    world.happens("contact.changed", subject="c1", data={"phones": [{"number": "+12025550199", "primary": True}]})
    texts(world, "hello")
    assert "Ann" not in of_kind(world, "inbound_forward")[0].text


def test_a_redelivered_stop_changes_nothing() -> None:
    world = shop()
    for _ in range(2):
        texts(world, "STOP", id="again")
    assert len(of_kind(world, "keyword_reply")) == 1
    assert world.reasons("again") == [("sent", "sms", None)]


def test_a_call_nobody_can_be_put_through_to_says_so() -> None:
    world = shop(main_phone=None)
    call = world.happens("inbound.call", data={"from": ANNS, "to": PANTRYS})
    assert world.reasons(call) == [("dropped", "voice", "no_address:voice")]


def test_a_call_with_a_withheld_number_comes_from_the_tenants_own() -> None:
    world = shop(quiet_hours={"start": "00:00", "end": "23:59"})
    world.happens("inbound.call", data={"from": "anonymous", "to": PANTRYS})
    [call] = of_kind(world, "inbound_transfer")
    assert (call.from_, call.to) == (PANTRYS, "+12025550100")


def by_email(**texts_channel: Any) -> World:
    channels = {**SHOP["channels"], "sms": {"requested": True, **texts_channel}}
    world = shop(channels=channels)
    world.happens("contact.changed", subject="c1", data={"sms_alerts": "carrier:verizon"})
    return world


def test_a_text_by_email_depends_on_the_consent_of_its_number() -> None:
    world = by_email(via="email")
    world.happens("rental.ready", subject="c1", data={})
    [text] = of_kind(world, "rule:ready")
    assert (text.channel, text.to, text.number) == ("sms", "2025550101@vtext.com", ANNS)
    assert (text.key, text.topic) == (f"pantry|{ANNS}", "delivery.commands.email.normal")
    world.reports(text, Status.BOUNCED, number=text.number)
    again = world.happens("rental.ready", subject="c1", data={})
    assert world.reasons(again) == [("dropped", "sms", "suppressed:bounce")]


@pytest.mark.parametrize(
    ("sms_alerts", "to"),
    [("carrier:verizon", "2025550101@vtext.com"), ("carrier:att", ANNS), ("", ANNS), ("carrier:nobody", ANNS)],
)
def test_what_no_carrier_takes_leaves_by_the_gateway_where_that_is_allowed(sms_alerts: str, to: str) -> None:
    world = by_email(via="email_then_gateway")
    world.happens("contact.changed", subject="c1", data={"sms_alerts": sms_alerts})
    world.happens("rental.ready", subject="c1", data={})
    [text] = of_kind(world, "rule:ready")
    assert (text.to, text.from_) == (to, "smtp@pantry.example" if "@" in to else PANTRYS)


def test_a_carriers_last_day_is_the_tenants() -> None:
    world = by_email(via="email")
    midnight_in_new_york = MONDAY.replace(year=2027, month=4, day=1, hour=4)
    reasons = []
    for moment in (midnight_in_new_york - timedelta(seconds=1), midnight_in_new_york):
        world.runs_until(moment)
        reasons += world.reasons(world.happens("rental.ready", subject="c1", data={}))
    assert [reason for _, _, reason in reasons] == [None, "carrier_gateway_retired"]


def test_the_answer_to_a_keyword_leaves_on_the_number_that_was_written_to() -> None:
    world = by_email(via="email")
    texts(world, "STOP")
    [reply] = of_kind(world, "keyword_reply")
    assert (reply.from_, reply.to) == (PANTRYS, ANNS)


def test_erasing_a_contact_reaches_what_waits_at_gateways() -> None:
    world = shop()
    world.happens("rental.ready", subject="c1", data={})
    world.happens("contact.changed", subject="c1", data=None)
    told = {record.channel for record in of_kind(world, "rule:ready")}
    assert told == {"sms"}
    assert {(each.contact, each.message_id, each.reason) for each in world.withdrawals} == {
        ("c1", None, "cancelled_by_event")
    }
