"""Ids of messages and of our own events: the same cause gives the same id, for ever (law 2)."""

import hashlib

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(high + low for high in _LETTERS for low in _LETTERS)


def message_id(
    *, tenant: str, source: str, event_id: str, kind: str, recipient: str, channel: str, occurrence: str = ""
) -> str:
    """An id of 25 lower-case letters and digits, derived from what caused the message and from nothing else.

    `occurrence` tells apart what one event causes several times.
    """
    return "m" + _digest(tenant, source, event_id, kind, recipient, channel, *filter(None, (occurrence,)))


def emitted_id(*, tenant: str, source: str, event_id: str, subject: str, event_type: str) -> str:
    """The id of an event that Tidings publishes because of another one."""
    return "e" + _digest(tenant, source, event_id, subject, event_type)


def _digest(*cause: str) -> str:
    """RFC 4648 base32 in lower case, of fifteen bytes, five at a time: `base64.b32encode` takes four times as long."""
    digest = hashlib.sha256("\0".join(cause).encode()).digest()
    return _letters(digest[:5]) + _letters(digest[5:10]) + _letters(digest[10:15])


def _letters(five_bytes: bytes) -> str:
    number = int.from_bytes(five_bytes, "big")
    return _PAIRS[number >> 30] + _PAIRS[number >> 20 & 1023] + _PAIRS[number >> 10 & 1023] + _PAIRS[number & 1023]
