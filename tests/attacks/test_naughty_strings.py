"""The Big List of Naughty Strings as names, subjects and texts, from the event to the bytes that leave."""

import json
import math
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import SMTP, compat32
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from smsutil import is_valid_gsm

from gateways.addresses import address, sender
from gateways.headers import clean
from gateways.mime import mail
from processors.clean_text import clean_line, clean_text
from schemas.message import Message
from schemas.words import Channel
from tests.unit.processors.world import PANTRY, World

STRINGS: list[str] = json.loads((Path(__file__).parent / "naughty" / "blns.json").read_text())
HEADERS = [
    *("MIME-Version", "Auto-Submitted", "X-Auto-Response-Suppress", "From", "To", "Subject", "Date", "Message-ID"),
    *("Content-Language", "Content-Type"),
]
RULE: dict[str, Any] = {"on": ["string.found"], "to": ["contact"], "text": "{{ said }}|{{ contact.name }}"}
RULES = [
    {**RULE, "id": "mail", "channel": "email", "subject": "{{ said }}|", "html": "<p id=x>{{ said }}</p>"},
    {**RULE, "id": "text", "channel": "sms"},
]


@pytest.fixture(scope="module")
def said() -> dict[tuple[int, Channel], Message]:
    """Every string, as the name of its contact, as the subject and as the text; by its number and channel."""
    world = World(partitions=1, settings={**PANTRY, "kinds": {}, "rules": RULES, "max_segments": 255})
    numbers: dict[str, int] = {}
    for number, string in enumerate(STRINGS):
        phone = {"number": f"+1202555{number:04d}", "type": "mobile", "primary": True}
        contact = {"name": string, "email": f"c{number}@example.org", "phones": [phone]}
        world.happens("contact.changed", subject=f"c{number}", data=contact)
        numbers[world.happens("string.found", subject=f"c{number}", data={"said": string})] = number
    assert world.refused == []
    return {(numbers[message.event_id], message.channel): message for message in world.messages}


NAUGHTY = pytest.mark.parametrize("number", range(len(STRINGS)))


@NAUGHTY
def test_a_mail_says_it_and_nothing_else(number: int, said: dict[tuple[int, Channel], Message]) -> None:
    message, string = said[number, Channel.EMAIL], STRINGS[number]
    raw = mail(message, sender(message.from_), address(message.to), None)
    parsed = message_from_bytes(raw, policy=SMTP)
    assert raw.isascii()
    assert list(parsed.keys()) == HEADERS
    assert [part.defects for part in parsed.walk() if part.defects] == []
    plain, rich = (part.get_payload(decode=True) for part in parsed.iter_parts())  # type: ignore[attr-defined] # of SMTP
    assert plain.decode().replace("\r\n", "\n").strip() == clean_text(f"{string}|{string}").strip()
    assert clean_text(string) in unescape(rich.decode().replace("\r\n", "\n"))
    read = message_from_bytes(raw, policy=compat32)
    subject = str(make_header(decode_header(read["Subject"].replace("\r\n", ""))))
    assert subject.strip() == clean(clean_line(f"{string}|"))
    assert read["To"].endswith(f"c{number}@example.org") or f"<c{number}@example.org>" in read["To"]


@NAUGHTY
def test_html_holds_no_element_that_somebody_wrote(number: int, said: dict[tuple[int, Channel], Message]) -> None:
    html = str(said[number, Channel.EMAIL].html)
    start = html.index("<p id=x>") + len("<p id=x>")
    assert "<" not in html[start : html.index("</p>", start)]


@NAUGHTY
def test_a_text_is_packed_as_it_is_written(number: int, said: dict[tuple[int, Channel], Message]) -> None:
    message, string = said[number, Channel.SMS], STRINGS[number]
    assert message.text == clean_text(f"{string}|{string}").strip()
    assert (message.encoding == "gsm7") == is_valid_gsm(message.text)
    units = len(message.text.encode("utf-16-be")) // 2
    if message.encoding == "ucs2":
        least = 1 if units <= 70 else math.ceil(units / 67)
        assert least <= (message.segments or 0) <= least + 1
