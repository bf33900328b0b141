"""A mail as it arrived: its envelope, what a reader sees of it, and its source."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with a mail."""

    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail; `envelope_from` and `envelope_to` are what SMTP said, all else is what the mail says of itself."""

    id: int
    received_at: datetime
    envelope_from: str
    envelope_to: tuple[str, ...]
    sender: str
    recipients: str
    subject: str
    date: str
    message_id: str
    text: str | None
    html: str | None
    headers: tuple[tuple[str, str], ...]
    attachments: tuple[Attachment, ...]
    source: bytes


def read(id_: int, source: bytes, envelope_from: str, envelope_to: tuple[str, ...], now: datetime) -> Mail:
    """The mail in these bytes; a broken one is taken too, with what can be read of it."""
    message = message_from_bytes(source, policy=default)
    headers = tuple(_headers(message))
    found = {name.lower(): value for name, value in reversed(headers)}
    return Mail(
        id=id_,
        received_at=now,
        envelope_from=envelope_from,
        envelope_to=envelope_to,
        sender=found.get("from", ""),
        recipients=found.get("to", ""),
        subject=found.get("subject", ""),
        date=found.get("date", ""),
        message_id=found.get("message-id", "").strip(),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        headers=headers,
        attachments=tuple(_attachments(message)),
        source=source,
    )


def _headers(message: EmailMessage) -> Iterator[tuple[str, str]]:
    """Each header in order, decoded; Python's parser raises on some malformed ones."""
    for name, raw in message.raw_items():
        try:
            yield name, str(message.policy.header_fetch_parse(name, raw))
        except (ValueError, IndexError, AttributeError):
            yield name, "(unreadable, see the source)"


def _body(message: EmailMessage, subtype: str) -> str | None:
    part = message.get_body((subtype,))
    if part is None:
        return None
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, ValueError):  # a charset that nobody knows
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else None


def _attachments(message: EmailMessage) -> Iterator[Attachment]:
    for part in message.iter_attachments():
        payload = part.get_payload(decode=True)
        yield Attachment(
            name=part.get_filename() or "(no name)",
            media_type=part.get_content_type(),
            size_bytes=len(payload) if isinstance(payload, bytes) else 0,
        )
