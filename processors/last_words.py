"""What of a message is remembered at its address, so that an answer can be shown beside it."""

from datetime import datetime

from schemas.message import Message
from schemas.state import LastSent
from schemas.words import Channel

WORDS_LIMIT = 1_600
_NOT_ANSWERED = frozenset({"keyword_reply", "inbound_forward", "inbound_transfer"})
"""Kinds that answer or pass on what somebody said; people do not answer them."""


def last_words(message: Message, now: datetime) -> LastSent | None:
    """A text, or the subject of a mail to a contact; None for what nobody answers."""
    is_mail = message.channel is Channel.EMAIL and message.contact is not None
    if message.kind in _NOT_ANSWERED or not (is_mail or message.channel.has_segments):
        return None
    words = (message.subject or "") if is_mail else message.text
    return LastSent(message_id=message.message_id, words=words[:WORDS_LIMIT], at=now, contact=message.contact)
