"""What a mail to a tenant is: for a person to read, or a report, an automatic answer, or a wish to get no more."""

import re
from collections.abc import Mapping
from email.utils import parseaddr
from enum import StrEnum

from processors.keywords import folded
from processors.mail_reports import report_in_text
from schemas.events.inbound import InboundEmail


class MailSort(StrEnum):
    """What a mail is."""

    PERSONAL = "personal"
    REPORT = "delivery report"
    AUTOMATIC = "automatic answer"
    UNSUBSCRIBE = "unsubscribe"


_DAEMONS = re.compile(r"mailer-daemon|postmaster|mail-daemon|mdaemon", re.IGNORECASE)
_RETURNED = re.compile(
    r"undeliver(ed|able)|delivery (status notification|failure|has failed)|mail delivery (failed|subsystem|system)"
    r"|returned mail|failure notice|delivery incomplete|message (delayed|you sent)",
    re.IGNORECASE,
)
_AUTOMATIC = re.compile(
    r"\s*(auto(matic|matische)?[ -]?(reply|response|respons|antwort)|auto:|autoreply|out of (the )?office|on vacation"
    r"|away from (my|the) (desk|office|mail)|abwesenheitsnotiz|automatische antwort|r[ée]ponse automatique"
    r"|respuesta autom[áa]tica|autosvar|automatiskt svar|risposta automatica)",
    re.IGNORECASE,
)
_WISHES = frozenset({"UNSUBSCRIBE", "STOP", "STOPALL", "OPTOUT", "REMOVE", "REMOVEME", "UNSUBSCRIBEME"})
"""Not all that a text may say: `Cancel`, answered to a reminder, is about the appointment."""
_QUOTED = re.compile(r"^(>|On .{4,200} wrote:|-{2,} ?(Original Message|Forwarded)|_{10,}|From: )", re.IGNORECASE)
_REPLY = re.compile(r"^\s*((re|aw|sv|antw)\s*:\s*)+", re.IGNORECASE)


def sort_of(mail: InboundEmail) -> MailSort:
    """What a mail is, by its fields alone; headers, where they were there, were looked at before."""
    sender = parseaddr(mail.from_)[1].partition("@")[0]
    from_daemon = not sender or _DAEMONS.fullmatch(sender) is not None
    if report_in_text(mail.text) is not None or (from_daemon and _RETURNED.search(mail.subject)):
        return MailSort.REPORT
    if _AUTOMATIC.match(mail.subject) or from_daemon:
        return MailSort.AUTOMATIC
    if folded(_REPLY.sub("", mail.subject)) in _WISHES - {"STOP"} or folded(own_words(mail.text)) in _WISHES:
        return MailSort.UNSUBSCRIBE
    return MailSort.PERSONAL


def own_words(text: str) -> str:
    """What the writer wrote, without what is quoted below it."""
    lines = []
    for line in text.splitlines():
        if _QUOTED.match(line.strip()):
            break
        lines.append(line)
    return "\n".join(lines).strip()


def is_automatic(headers: Mapping[str, str]) -> bool:
    """Whether a mail says of itself that no person wrote it (RFC 3834 and what came before it); names in lower case."""
    submitted = headers.get("auto-submitted", "no").partition(";")[0].strip().lower()
    precedence = headers.get("precedence", "").strip().lower()
    return (
        submitted != "no"
        or precedence in ("auto_reply", "bulk", "junk", "list")
        or any(name in headers for name in ("x-autoreply", "x-autorespond", "x-autoresponse"))
        or headers.get("return-path", "").strip() == "<>"
    )
