"""How marketing mail is left: a link that one click is enough for (RFC 8058), else an address to write to.

It stands in the headers, for mail programs, and at the end of the text and of the HTML, for readers.
"""

import re
from dataclasses import dataclass, replace
from html import escape
from urllib.parse import quote

from gateways.addresses import Address, sender
from gateways.unsubscribe.keys import Keys, keys_of
from schemas.consent import MARKETING
from schemas.message import Message
from schemas.words import Channel
from tidings.config import Installation

_ONE_CLICK = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
_END_OF_PAGE = re.compile(r"</body\s*+>", re.IGNORECASE)
# The colour is that of the page's text, for nobody knows its ground; `faint` is what the layout calls small print.
_LINE = (
    '<div class="faint" style="padding:16px;text-align:center;font:13px/1.5 Arial,sans-serif">'
    '<a href="%s" style="color:inherit;text-decoration:underline">Unsubscribe</a></div>\n'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where links lead: the public address of the page, and the keys that sign them."""

    url: str
    keys: Keys

    def link(self, message: Message) -> str:
        """The link of one message; the same at every attempt."""
        token = self.keys.token(message.tenant, message.message_id, message.commanded_at.date())
        return f"{self.url.rstrip('/')}/{token}"


def links_of(installation: Installation) -> Links | None:
    """The links of this installation's mail; None where no page is told. Raises Refused for bad keys."""
    url = installation.unsubscribe.url
    return Links(url=url, keys=keys_of(installation)) if url else None


def can_be_left(message: Message) -> bool:
    """Whether it is a mail that its reader may unsubscribe from. A text that goes by email is none."""
    return message.channel is Channel.EMAIL and message.category == MARKETING


def unsubscribe_headers(message: Message, links: Links | None) -> bytes:
    """The headers of a marketing mail, empty for any other; raises NotAnAddress for a sender that is none."""
    if not can_be_left(message):
        return b""
    target = _target(message, links).encode()
    return b"List-Unsubscribe:\r\n <%s>\r\n" % target + (_ONE_CLICK if links is not None else b"")


def with_link(message: Message, links: Links | None) -> Message:
    """The message as its reader sees it: below a marketing mail, how to unsubscribe. Raises NotAnAddress."""
    if not can_be_left(message):
        return message
    target = _target(message, links)
    how = target if links is not None else f'write to {_answers_to(message)} with the subject "unsubscribe"'
    html = message.html
    return replace(
        message,
        text=f"{message.text}\n\nUnsubscribe: {how}",
        html=_at_the_end(html, _LINE % escape(target)) if html is not None else None,
    )


def _target(message: Message, links: Links | None) -> str:
    """Where a wish not to hear more is taken: on the page, or, where there is none, by mail."""
    if links is not None:
        return links.link(message)
    return f"mailto:{quote(str(_answers_to(message)), safe='@')}?subject=unsubscribe"


def _answers_to(message: Message) -> Address:
    return sender(message.reply_to or message.from_)


def _at_the_end(html: str, line: str) -> str:
    at = max((end.start() for end in _END_OF_PAGE.finditer(html)), default=len(html))
    return html[:at] + line + html[at:]
