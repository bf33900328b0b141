"""A mail to a tenant as the event that it is: a report on a message, or something for the tenant to read."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from processors.inbound_mail import is_automatic
from processors.mail_reports import MailReport, report_in_mail
from processors.markup import as_text
from schemas.envelope import Event
from schemas.events.inbound import DeliveryReported, InboundEmail

SOURCE = "/tidings/mail"
LONGEST_TEXT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a mail came to: an event, or none, and in a few words why."""

    event: Event | None
    understood_as: str


def received(raw: bytes, tenant: str, now: datetime) -> Received:
    """What a mail is. The same bytes give the same event id, so a mail that is delivered twice is heard once."""
    event_id = "mail-" + hashlib.sha256(raw).hexdigest()[:32]
    report = report_in_mail(raw)
    if report is not None and report.message_id is not None:
        return _reported(report, report.message_id, event_id, tenant, now)
    mail = message_from_bytes(raw, policy=default)
    if report is not None:
        return Received(event=None, understood_as="a delivery report that names no message of ours")
    if is_automatic({name.lower(): str(value) for name, value in mail.items()}):
        return Received(event=None, understood_as="an automatic answer")
    said = InboundEmail(
        from_=_line(mail, "from"),
        to=_line(mail, "to"),
        subject=_line(mail, "subject"),
        text=_text(mail),
        in_reply_to=_line(mail, "in-reply-to") or None,
    )
    event = Event(id=event_id, source=SOURCE, type="inbound.email", tenant=tenant, subject="", time=now, data=said)
    return Received(event=event, understood_as="a mail")


def _reported(report: MailReport, message_id: str, event_id: str, tenant: str, now: datetime) -> Received:
    if report.status is None:
        return Received(event=None, understood_as=f"a report that changes nothing: {report.action} {report.code or ''}")
    said = DeliveryReported(status=report.status, message_id=message_id, code=report.code)
    event = Event(id=event_id, source=SOURCE, type="delivery.reported", tenant=tenant, subject="", time=now, data=said)
    return Received(event=event, understood_as=f"a report on message {message_id}: {report.status}")


def _line(mail: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(mail.get(name, "")).replace("\0", "").split())
    except (ValueError, IndexError, AttributeError, TypeError):  # the parser of Python 3.11 trips over some bad headers
        return ""


def _text(mail: EmailMessage) -> str:
    """The words of a mail: its plain part, else what its HTML says."""
    try:
        part = mail.get_body(preferencelist=("plain", "html"))
        content = part.get_content() if part is not None else ""
        words = str(content) if part is None or part.get_content_subtype() == "plain" else as_text(str(content))
    except (LookupError, ValueError, AttributeError, TypeError):  # an unknown charset, a part that is broken
        words = ""
    return words.replace("\0", "")[:LONGEST_TEXT].strip()
