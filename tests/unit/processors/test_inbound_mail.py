from pathlib import Path
from typing import Any

import pytest

from processors.inbound_mail import MailSort, own_words, sort_of
from schemas.consent import Consent
from schemas.events.inbound import InboundEmail
from schemas.words import Status
from tests.unit.processors.test_inbound import ANNS, SHOP, by_email, consent, of_kind, shop
from tests.unit.processors.world import ORDER, World

REPORT = (Path(__file__).parent / "reports" / "postfix-no-such-user.eml").read_text()


def mails(world: World, text: str = "Hello", from_: str = "Ann Lee <ann@example.org>", subject: str = "Hi") -> str:
    data = {"from": from_, "to": "hello@pantry.example", "subject": subject, "text": text}
    return world.happens("inbound.email", data=data)


@pytest.mark.parametrize(
    ("mail", "sort"),
    [
        ({"subject": "Re: your order", "text": "Can you cancel it?"}, MailSort.PERSONAL),
        ({"subject": "Re: your appointment", "text": "Cancel"}, MailSort.PERSONAL),
        ({"subject": "Stop", "text": "by at five, will you?"}, MailSort.PERSONAL),
        ({"subject": "unsubscribe", "text": ""}, MailSort.UNSUBSCRIBE),
        ({"subject": "Re: Unsubscribe", "text": "please"}, MailSort.UNSUBSCRIBE),
        (
            {"subject": "Re: An offer", "text": "Stop, thanks!\n\nOn Mon, 1 Jun, Shop wrote:\n> buy"},
            MailSort.UNSUBSCRIBE,
        ),
        ({"subject": "Automatic reply: An offer", "text": "I am away."}, MailSort.AUTOMATIC),
        ({"subject": "Abwesenheitsnotiz", "text": "Bin weg."}, MailSort.AUTOMATIC),
        ({"subject": "Out of Office: back on Monday", "text": ""}, MailSort.AUTOMATIC),
        ({"subject": "Automation for your shop", "text": "Buy it."}, MailSort.PERSONAL),
        ({"from_": "MAILER-DAEMON@mx.example", "subject": "Undelivered Mail Returned to Sender"}, MailSort.REPORT),
        ({"from_": "postmaster@example.org", "subject": "Undeliverable: An offer"}, MailSort.REPORT),
        ({"from_": "", "subject": "Something"}, MailSort.AUTOMATIC),
        ({"text": REPORT}, MailSort.REPORT),
    ],
)
def test_what_a_mail_is(mail: dict[str, Any], sort: MailSort) -> None:
    fields = {"from_": "ann@example.org", "to": "hello@shop.example", "subject": "Hi", "text": "Hello", **mail}
    assert sort_of(InboundEmail(**fields)) is sort


def test_what_is_quoted_is_not_the_writers_own() -> None:
    assert own_words("Yes\nplease\n\n> Unsubscribe\n") == "Yes\nplease"


def test_a_mail_of_a_person_is_forwarded_and_can_be_answered() -> None:
    world = shop()
    world.happens("order.completed", subject="c1", data=ORDER)
    mails(world, "The rice was missing.", subject="Re: my order")
    [mail] = of_kind(world, "inbound_forward")
    assert (mail.to, mail.reply_to, mail.subject) == (
        "desk@pantry.example",
        "ann@example.org",
        "Mail from Ann Lee: Re: my order",
    )
    assert mail.text.index("The rice") < mail.text.index("ann@example.org") < mail.text.index("Ann Lee")
    assert "Your order" in mail.text.partition("In answer to")[2]


@pytest.mark.parametrize(
    ("mail", "understood_as"),
    [
        ({"subject": "Automatic reply: Hi"}, "automatic answer"),
        ({"subject": "unsubscribe"}, "unsubscribe"),
        ({"from_": "MAILER-DAEMON@mx.example", "subject": "Undelivered Mail"}, "delivery report"),
        ({"from_": "Desk <desk@pantry.example>"}, "mail of the tenant itself"),
    ],
)
def test_what_nobody_has_to_read_is_not_forwarded_and_says_why(mail: dict[str, str], understood_as: str) -> None:
    world = shop()
    event = mails(world, **mail)
    assert of_kind(world, "inbound_forward") == []
    [decision] = [each for each in world.decisions if each.event_id == event]
    assert (decision.reason, decision.facts["understood_as"]) == ("no_rule_matched", understood_as)


def test_a_mail_that_says_unsubscribe_ends_marketing() -> None:
    world = shop()
    event = mails(world, "", subject="Unsubscribe")
    stands = consent(world, "ann@example.org")
    assert stands.opted_out == ("marketing",)
    assert [(saying.means, saying.event_id) for saying in stands.sayings] == [("unsubscribe mail", event)]


def test_a_report_that_came_as_a_mail_suppresses_the_address() -> None:
    world = shop()
    world.happens("order.completed", subject="c1", data=ORDER)
    [sent] = of_kind(world, "order_confirmation")
    world.reports(sent, Status.ACCEPTED)
    mails(world, REPORT.replace("mabcdefghijklmnopqrstuvwx", sent.message_id), from_="MAILER-DAEMON@mx.example")
    again = world.happens("order.completed", subject="c1", data={**ORDER, "order_id": "o2"})
    assert ("dropped", "email", "suppressed:bounce") in world.reasons(again)


def test_a_report_on_nobodys_message_changes_nothing() -> None:
    world = shop()
    mails(world, REPORT.replace("mabcdefghijklmnopqrstuvwx", "someone-elses"), from_="MAILER-DAEMON@mx.example")
    assert world.of("consents", Consent) == []
    assert world.refused == []


def test_a_stop_that_comes_through_a_carrier_is_one_of_the_number() -> None:
    world = by_email(via="email")
    stop = mails(world, "Stop\n\n> It is ready.", from_="2025550101@vtext.com", subject="")
    assert consent(world, ANNS).opted_out == ("all",)
    assert world.reasons(stop) == [("sent", "sms", None)]
    [reply] = of_kind(world, "keyword_reply")
    assert (reply.to, reply.from_) == ("2025550101@vtext.com", "smtp@pantry.example")


def test_a_text_that_comes_through_a_carrier_is_forwarded_where_texts_come_from() -> None:
    world = by_email(via="email")
    world.happens("rental.ready", subject="c1", data={})
    mails(world, "on my way", from_="2025550101@vtext.com", subject="")
    [mail] = of_kind(world, "inbound_forward")
    assert mail.to == "smtp@pantry.example"
    assert mail.text.index("on my way") < mail.text.index(ANNS) < mail.text.index("Ann Lee")
    assert "It is ready." in mail.text


def test_a_mail_without_anybody_to_read_it_says_so() -> None:
    world = World(settings={**SHOP, "contact_email": None})
    assert world.reasons(mails(world)) == [("dropped", "email", "no_address:email")]
