"""Mail as a receiver reads it, compared with what the standard library writes; hostile values never become headers."""

import base64
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP, compat32
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.addresses import NotAnAddress, address, sender
from gateways.headers import clean
from gateways.mime import mail
from schemas.message import File
from tests.unit.gateways.samples import NOON, message

HOSTILE = [
    "Hello\r\nBcc: all@example.org",
    "Hello\nX: 1\n\nbody",
    "\x00\x07\x1b[31mred",
    "next\x85line\x9b31m",
    "\u202etxt.exe\u2066\u2069",
    "lone \ud800 surrogate",
    "=?utf-8?q?already_encoded?=",
    "a" * 5000,
    "ä" * 3000,
    '"quoted", \\ <and@angled.example>',
    "\u2028\u2029",
    "",
    " " * 300,
]
TEXTS = st.text(max_size=400) | st.sampled_from(HOSTILE)


def built(**changes: Any) -> bytes:
    made = message(**changes)
    reply_to = sender(made.reply_to) if made.reply_to else None
    return mail(made, sender(made.from_), address(made.to), reply_to)


def read(raw: bytes) -> EmailMessage:
    parsed = message_from_bytes(raw, policy=SMTP)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    assert not [part.defects for part in parsed.walk() if part.defects]
    return parsed


def decoded(raw: bytes, header: str) -> str:
    """A header as RFC 2047 says; Python 3.11's address parser puts spaces between adjacent encoded words."""
    value = message_from_bytes(raw, policy=compat32)[header]
    return str(make_header(decode_header(value.replace("\r\n", ""))))


def test_a_mail_has_what_real_mail_has() -> None:
    raw = built(html="<p>See you</p>", reply_to="desk@riverside.example", locale="en-US", to_name="Ann Lee")
    head = {name: str(value) for name, value in read(raw).items()}
    boundary = head.pop("Content-Type")
    assert boundary.startswith("multipart/alternative; boundary=")
    assert head == {
        "MIME-Version": "1.0",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF",
        "From": "Riverside <hello@riverside.example>",
        "To": "Ann Lee <ann@example.org>",
        "Subject": "Your appointment",
        "Date": "Sun, 01 Mar 2026 12:00:00 +0000",
        "Message-ID": "<m1@riverside.example>",
        "Reply-To": "desk@riverside.example",
        "Content-Language": "en-US",
    }


def test_every_attempt_is_the_same_bytes() -> None:
    assert built(html="<p>x</p>") == built(html="<p>x</p>")


def reference(**changes: Any) -> EmailMessage:
    made = message(**changes)
    whole = EmailMessage(policy=SMTP)
    whole["From"], whole["Subject"], whole["Date"] = made.from_, clean(made.subject or ""), format_datetime(NOON)
    whole.set_content(made.text.replace("\r\n", "\n").replace("\r", "\n"), cte="quoted-printable")
    if made.html is not None:
        whole.add_alternative(
            made.html.replace("\r\n", "\n").replace("\r", "\n"), subtype="html", cte="quoted-printable"
        )
    parsed = message_from_bytes(whole.as_bytes(), policy=SMTP)
    assert isinstance(parsed, EmailMessage)
    return parsed


BODIES = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=600)


@given(text=BODIES, html=BODIES, subject=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300))
def test_a_parser_reads_the_same_as_of_the_standard_library(text: str, html: str, subject: str) -> None:
    ours, theirs = read(built(text=text, html=html, subject=subject)), reference(text=text, html=html, subject=subject)
    for one, other in zip(ours.walk(), theirs.walk(), strict=True):
        assert one.get_content_type() == other.get_content_type()
        assert one.get_content_charset() == other.get_content_charset()
        if not one.is_multipart():
            assert one.get_payload(decode=True) == other.get_payload(decode=True)
    assert decoded(built(subject=subject), "Subject").strip() == clean(subject).strip()


@given(subject=TEXTS, to_name=TEXTS, from_name=TEXTS, text=TEXTS)
def test_no_value_becomes_a_header_or_breaks_a_line(subject: str, to_name: str, from_name: str, text: str) -> None:
    quoted = clean(from_name).replace("\\", "").replace('"', "")
    raw = built(subject=subject, to_name=to_name, from_=f'"{quoted}" <hello@riverside.example>', text=text)
    assert raw.isascii()
    head, _, _ = raw.partition(b"\r\n\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert not set(head) & {*range(10), 11, 12, *range(14, 32), 127}
    names = [name.lower() for name in read(raw)]
    assert len(names) == len(set(names)) == 10


@pytest.mark.parametrize("name", [*HOSTILE, "Zoë Ångström", "山田太郎" * 20, "Lee, Ann", 'Ann "the" Lee', "O'Neil"])
def test_a_name_is_read_as_it_was_cleaned(name: str) -> None:
    raw = built(to_name=name)
    shown = decoded(raw, "To").removesuffix(" <ann@example.org>").removesuffix("ann@example.org").strip()
    if shown.startswith('"'):
        shown = shown[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    assert shown == clean(name)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\r\nb", "a b"),
        ("a\tb  c", "a b c"),
        ("a\x00b\x9bc\x7f", "abc"),
        ("\u202egnp.exe", "gnp.exe"),
        ("fi\ud800ne", "fine"),
    ],
)
def test_cleaning(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    "name", ["plan.pdf", "Übersicht 2026.pdf", 'a"b.pdf', "x\r\nBcc: y.pdf", "a;b.pdf", "100%.pdf"]
)
def test_an_attachment_arrives_whole_under_its_name(name: str) -> None:
    content = bytes(range(256)) * 40
    file = File(name=name, media_type="application/pdf", content=base64.b64encode(content).decode())
    whole = read(built(html="<p>x</p>", attachments=(file,)))
    (attached,) = whole.iter_attachments()
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_filename() == clean(name)
    assert attached.get_payload(decode=True) == content
    body = whole.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "See you at ten."


def test_an_image_stands_beside_the_html_that_shows_it() -> None:
    image = File(name="logo.png", media_type="image/png", content="iVBORw0KGgo=", content_id="logo.png")
    file = File(name="a.pdf", media_type="application/pdf", content="JVBERi0=")
    whole = read(built(html="<img src='cid:logo.png'>", attachments=(image, file)))
    assert [part.get_content_type() for part in whole.walk()] == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"),
        "application/pdf",
    ]
    shown = next(part for part in whole.walk() if part.get_content_type() == "image/png")
    assert (shown["Content-ID"], shown.get_content_disposition()) == ("<logo.png>", "inline")
    assert [part.get_filename() for part in whole.iter_attachments()] == ["a.pdf"]


@pytest.mark.parametrize("content_id", ["x>\r\nBcc: y@example.org", "a b", "<x>", "ä"])
def test_a_content_id_that_is_none_makes_a_plain_attachment(content_id: str) -> None:
    image = File(name="logo.png", media_type="image/png", content="iVBORw0KGgo=", content_id=content_id)
    raw = built(html="<p>x</p>", attachments=(image,))
    [shown] = [part for part in read(raw).walk() if part.get_content_type() == "image/png"]
    assert (shown["Content-ID"], shown["Bcc"], shown.get_content_disposition()) == (None, None, "attachment")


@pytest.mark.parametrize("media_type", ["text/html\r\nX: 1", "nonsense", "multipart/mixed", ""])
def test_a_media_type_that_is_none_is_any_file(media_type: str) -> None:
    file = File(name="a.bin", media_type=media_type, content="AAAA")
    (attached,) = read(built(attachments=(file,))).iter_attachments()
    assert attached.get_content_type() == "application/octet-stream"


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("ann@example.org", "ann@example.org"),
        (" Ann@Example.ORG ", "Ann@example.org"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@straße.example", "ann@xn--strae-oqa.example"),
        ("jörg@example.org", "jörg@example.org"),
        ("a+b.c_d@sub.example.org", "a+b.c_d@sub.example.org"),
    ],
)
def test_an_address_is_read(text: str, read_as: str) -> None:
    assert str(address(text)) == read_as


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "@example.org",
        "ann@",
        "ann@exa mple.org",
        "ann@-bad.example",
        "ann@example.org>",
        "<ann@example.org",
        "ann@example.org\r\nRCPT TO:<x@y.example>",
        "a\x00b@example.org",
        "a..b@example.org",
        ".a@example.org",
        "a b@example.org",
        "x" * 65 + "@example.org",
        "ann@" + "x" * 64 + ".example",
        "two@signs@example.org",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(NotAnAddress) as refusal:
        address(text)
    assert len(text) < 5 or text not in str(refusal.value)


def test_only_a_local_part_outside_ascii_needs_smtputf8() -> None:
    assert address("jörg@example.org").needs_smtputf8
    assert not address("joerg@bücher.example").needs_smtputf8
