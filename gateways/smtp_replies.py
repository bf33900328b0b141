"""What an SMTP reply means for a message (RFC 5321, RFC 3463): accepted, for later, refused, or no such address."""

import re
from dataclasses import dataclass

from gateways.answers import Accepted, Answer, Rejected, Retry
from processors.bounces import says_no_such_address

SERVICE_CLOSING = 421
LONGEST_DETAIL = 300

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reply, its lines joined."""

    code: int
    text: str

    @property
    def is_positive(self) -> bool:
        """Whether the command was carried out."""
        return 200 <= self.code < 300

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code at the beginning of the text."""
        found = _ENHANCED.match(self.text)
        return found.group() if found else None


def answer_to_mail(reply: Reply) -> Answer:
    """What a refusal of MAIL or DATA means: it is never about the recipient. 4xx is for later, 5xx for good."""
    return _later(reply) if reply.code < 500 else Rejected(code=str(reply.code), detail=_detail(reply))


def answer_to_recipient(reply: Reply) -> Answer:
    """What a refusal of RCPT means: a hard bounce when it says that there is no such address."""
    if reply.code < 500:
        return _later(reply)
    return Rejected(code=str(reply.code), detail=_detail(reply), bounced=is_hard_bounce(reply))


def answer_to_content(reply: Reply) -> Answer | None:
    """What the reply to the final dot means; None for one that RFC 5321 does not know there."""
    if reply.is_positive:
        return Accepted(provider_ref=_queue_id(reply), detail=_detail(reply))
    return answer_to_mail(reply) if 400 <= reply.code < 600 else None


def is_hard_bounce(reply: Reply) -> bool:
    """Whether a refusal of RCPT says that the address does not exist."""
    return says_no_such_address(reply.enhanced, reply.code, reply.text)


def _later(reply: Reply) -> Retry:
    return Retry(code=str(reply.code), detail=_detail(reply), is_outage=reply.code == SERVICE_CLOSING)


def _detail(reply: Reply) -> str:
    return " ".join(reply.text.split())[:LONGEST_DETAIL]


_QUEUED_AS = re.compile(r"queued as ([A-Za-z0-9._-]{4,64})", re.IGNORECASE)


def _queue_id(reply: Reply) -> str | None:
    """The name under which the server queued the mail, where it tells one (Postfix, Exim-like)."""
    found = _QUEUED_AS.search(reply.text)
    return found.group(1) if found else None
