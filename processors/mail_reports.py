"""Reports that come as mail: what became of a message of ours (RFC 3464), and who complained about one (RFC 5965).

The message is known by the envelope id that it was sent with, else by the Message-ID of what is returned: both are our
own id. A report that bears neither names nothing of ours, and is for a person to read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message as Mail
from email.policy import compat32

from processors.bounces import says_no_such_address
from schemas.words import Status

_OURS = re.compile(r"\bm[a-z2-7]{24}\b")
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_CODE = re.compile(r"\b([245]\d\d)\b")
_FIELD = re.compile(
    r"^(?:Original-Envelope-Id|Reporting-MTA|Final-Recipient|Feedback-Type):", re.IGNORECASE | re.MULTILINE
)
_MESSAGE_ID = re.compile(r"^Message-ID:\s*<([^@>\s]+)@", re.IGNORECASE | re.MULTILINE)
_COMPLAINTS = frozenset({"abuse", "fraud", "virus", "other"})
_UNSPECIFIC = re.compile(r"[245]\.0\.0")
_MILDEST_FIRST = (Status.DELIVERED, None, Status.UNDELIVERED, Status.BOUNCED)
RETURNED_LIMIT = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReport:
    """One report; `status` is None where it changes nothing (a delay), `message_id` where it names none of ours."""

    message_id: str | None
    status: Status | None
    code: str | None = None
    action: str = ""


def report_in_mail(raw: bytes) -> MailReport | None:
    """The report that a mail is; None for any other mail. Whatever is in it, nothing is raised."""
    mail = message_from_bytes(raw, policy=compat32)
    parts = {part.get_content_type(): part for part in mail.walk()}
    if (feedback := parts.get("message/feedback-report")) is not None:
        return _complaint(_fields(feedback), raw)
    if (status := parts.get("message/delivery-status")) is not None:
        return _delivery(_fields(status), raw)
    failed = mail.get("X-Failed-Recipients")
    return _of_exim(mail, raw) if failed is not None else None


def report_in_text(text: str) -> MailReport | None:
    """The report whose fields stand in a text, where a mail came without its structure; None where there are none."""
    if _FIELD.search(text) is None:
        return None
    raw = text.encode("utf-8", "replace")
    whole = report_in_mail(raw)
    if whole is not None:
        return whole
    fields = [_read(block) for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if _looks_like_fields(block)]
    is_complaint = any("feedback-type" in each for each in fields)
    return _complaint(fields, raw) if is_complaint else _delivery(fields, raw)


_Fields = dict[str, str]


def _fields(part: Mail) -> list[_Fields]:
    """The groups of fields of a report: of the message, then of each recipient."""
    payload = part.get_payload()
    groups = payload if isinstance(payload, list) else [message_from_string(str(payload))]
    return [_plain(group) for group in groups if isinstance(group, Mail)]


def _plain(group: Mail) -> _Fields:
    return {name.lower(): " ".join(str(value).split()) for name, value in group.items()}


def _read(block: str) -> _Fields:
    return _plain(message_from_string(block.strip() + "\n\n"))


def _looks_like_fields(block: str) -> bool:
    return all(line[:1] in " \t" or re.match(r"[A-Za-z-]+:", line) for line in block.strip().splitlines())


def _delivery(groups: list[_Fields], raw: bytes) -> MailReport:
    """The mildest thing that is said of any recipient.

    Our mails have one each; several are those whom its address led on to, and it works as long as one of them does.
    """
    message_id = _named(groups, raw)
    found = min(_outcomes(groups), key=lambda outcome: _MILDEST_FIRST.index(outcome[0]), default=(None, None, ""))
    status, code, action = found
    return MailReport(message_id=message_id, status=status, code=code, action=action)


def _outcomes(groups: list[_Fields]) -> Iterator[tuple[Status | None, str | None, str]]:
    for fields in groups:
        if "action" not in fields:
            continue
        action = fields["action"].partition(" ")[0].lower()
        diagnostic = fields.get("diagnostic-code", "").partition(";")[2]
        code = _enhanced(fields.get("status", ""), diagnostic)
        yield _status(action, code, diagnostic), code, action


def _status(action: str, code: str | None, diagnostic: str) -> Status | None:
    """Delayed, relayed and expanded messages may still arrive; a passing fault suppresses nobody, even at the end."""
    if action == "delivered":
        return Status.DELIVERED
    if action != "failed":
        return None
    smtp = _CODE.search(diagnostic)
    unspecific = code is None or _UNSPECIFIC.fullmatch(code) is not None
    hard = says_no_such_address(None if unspecific else code, int(smtp.group()) if smtp else 0, diagnostic)
    return Status.BOUNCED if hard else Status.UNDELIVERED


def _enhanced(status: str, diagnostic: str) -> str | None:
    """The enhanced code: what the far server said where it is more than `5.0.0`, else the report's own."""
    own, far = _ENHANCED.search(status), _ENHANCED.search(diagnostic)
    if far is not None and (own is None or _UNSPECIFIC.fullmatch(own.group())):
        return far.group()
    return own.group() if own else None


def _complaint(groups: list[_Fields], raw: bytes) -> MailReport:
    kinds = [fields["feedback-type"].lower() for fields in groups if "feedback-type" in fields]
    kind = kinds[0] if kinds else ""
    status = Status.COMPLAINED if kind in _COMPLAINTS else None
    return MailReport(message_id=_named(groups, raw), status=status, code=kind or None, action="complaint")


def _of_exim(mail: Mail, raw: bytes) -> MailReport:
    """A report of an older Exim, which is text: the far server's words stand below `SMTP error from remote`."""
    text = raw[:RETURNED_LIMIT].decode("utf-8", "replace")
    body = text.partition("\n\n")[2] or text.partition("\r\n\r\n")[2]
    words = body.partition("------ This is a copy")[0]
    code = _enhanced("", words)
    is_delay = "warning" in str(mail.get("Subject", "")).lower() or "delayed" in words.lower()[:400]
    action = "delayed" if is_delay else "failed"
    return MailReport(message_id=_named([], raw), status=_status(action, code, words), code=code, action=action)


def _named(groups: list[_Fields], raw: bytes) -> str | None:
    """Our message: by its envelope id, else by the Message-ID of what the report returns, or names."""
    for fields in groups:
        if (found := _OURS.fullmatch(fields.get("original-envelope-id", ""))) is not None:
            return found.group()
    named = [
        fields[name] for fields in groups for name in ("original-message-id", "x-original-message-id") if name in fields
    ]
    returned = _MESSAGE_ID.findall(raw[: 4 * RETURNED_LIMIT].decode("utf-8", "replace").replace("\r\n", "\n"))
    candidates = [*(value.strip("<> ").partition("@")[0] for value in named), *returned]
    return next((each for each in candidates if _OURS.fullmatch(each)), None)
