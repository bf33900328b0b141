"""Ids of messages and of our own events: the same cause gives the same id, for ever (law 2)."""

import hashlib

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(high + low for high in _LETTERS for low in _LETTERS)
_PAIR_BITS = 10
_DIGEST_BYTES = 15


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
    """RFC 4648 base32 in lower case, by pairs of letters: `base64.b32encode` takes longer than the digest."""
    number = int.from_bytes(hashlib.sha256("\0".join(cause).encode()).digest()[:_DIGEST_BYTES], "big")
    places = range(_DIGEST_BYTES * 8 - _PAIR_BITS, -1, -_PAIR_BITS)
    return "".join([_PAIRS[number >> place & 1023] for place in places])
