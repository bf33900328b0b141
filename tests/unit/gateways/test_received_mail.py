from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateways.received_mail import received
from schemas import wire
from schemas.events.inbound import DeliveryReported, InboundEmail

REPORTS = Path(__file__).parents[1] / "processors" / "reports"
NOW = datetime(2026, 6, 1, 15, tzinfo=UTC)
OURS = "mabcdefghijklmnopqrstuvwx"


def test_a_report_on_a_message_of_ours_is_an_event_once() -> None:
    raw = (REPORTS / "postfix-no-such-user.eml").read_bytes()
    first, second = received(raw, "shop", NOW), received(raw, "shop", NOW)
    assert first.event is not None
    assert first.event.data == DeliveryReported(status="bounced", message_id=OURS, code="5.1.1")
    assert second == first
    wire.encode(first.event)


@pytest.mark.parametrize(
    ("name", "words"),
    [("postfix-delayed", "changes nothing"), ("of-somebody-elses-mail", "no message of ours")],
)
def test_a_report_that_changes_nothing_is_no_event_and_says_so(name: str, words: str) -> None:
    found = received((REPORTS / f"{name}.eml").read_bytes(), "shop", NOW)
    assert (found.event, words in found.understood_as) == (None, True)


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: auto-replied", "X-Autoreply: yes", "Precedence: auto_reply", "Return-Path: <>"]
)
def test_an_automatic_answer_is_no_event(header: str) -> None:
    raw = f"From: ann@example.org\nTo: hello@shop.example\nSubject: Away\n{header}\n\nBack on Monday.\n".encode()
    assert received(raw, "shop", NOW).event is None


def test_a_mail_that_a_person_wrote_is_read_with_its_letters() -> None:
    raw = (
        b"From: =?utf-8?q?Ann_L=C3=A9e?= <ann@example.org>\nTo: hello@shop.example\nSubject: =?utf-8?b?R3LDvMOfZQ==?=\n"
        b"Auto-Submitted: no\nIn-Reply-To: <m1@shop.example>\nMIME-Version: 1.0\n"
        b"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
        b"<p>Running <b>l=C3=A4te</b></p>\n"
    )
    found = received(raw, "shop", NOW)
    assert found.event is not None
    assert found.event.data == InboundEmail(
        from_="Ann Lée <ann@example.org>",
        to="hello@shop.example",
        subject="Grüße",
        text="Running läte",
        in_reply_to="<m1@shop.example>",
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"\n",
        b"From: \xff\xfe\n\n\xff\n",
        b"Content-Type: text/plain; charset=no-such-charset\n\nhello\n",
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n",
        b"From: a@b.example\nSubject: a\0b\n\nc\0d\n",
        b"To: =?utf-8?q?\n\n",
    ],
)
def test_broken_mail_is_taken_for_what_can_be_read_of_it(raw: bytes) -> None:
    event = received(raw, "shop", NOW).event
    assert event is not None
    wire.encode(event)
