"""List-Unsubscribe for marketing mail: a link that one click is enough for (RFC 8058), else an address to write to."""

from dataclasses import dataclass
from urllib.parse import quote

from gateways.addresses import Address
from gateways.unsubscribe.keys import Keys, keys_of
from schemas.consent import MARKETING
from schemas.message import Message
from tidings.config import Installation

_ONE_CLICK = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


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


def unsubscribe_headers(message: Message, links: Links | None, answers_to: Address) -> bytes:
    """The headers of a marketing mail, empty for any other. Without a page, a mail to `answers_to` unsubscribes."""
    if message.category != MARKETING or message.number is not None:
        return b""
    if links is None:
        return b"List-Unsubscribe:\r\n <mailto:%s?subject=unsubscribe>\r\n" % quote(str(answers_to), safe="@").encode()
    return b"List-Unsubscribe:\r\n <%s>\r\n" % links.link(message).encode() + _ONE_CLICK
