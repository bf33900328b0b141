"""Ids of messages and of our own events: the same cause gives the same id, for ever (law 2)."""

import hashlib
from struct import Struct

from schemas.candidate import Cause

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(high + low for high in _LETTERS for low in _LETTERS)
_HALVES = Struct(">QQ")


def message_id(kind: str, channel: str, cause: Cause, tenant: str, recipient: str, occurrence: str = "") -> str:
    """An id of 25 lower-case letters and digits, derived from what caused the message and from nothing else.

    It is the same whenever the message is made. `occurrence` tells apart what one event causes several times.
    """
    told = (tenant, cause.source, cause.event_id, kind, recipient, channel)
    return "m" + _digest((*told, occurrence) if occurrence else told)


def emitted_id(*, tenant: str, source: str, event_id: str, subject: str, event_type: str) -> str:
    """The id of an event that Tidings publishes because of another one."""
    return "e" + _digest((tenant, source, event_id, subject, event_type))


def _digest(cause: tuple[str, ...]) -> str:
    """RFC 4648 base32 in lower case, of fifteen bytes, ten bits at a time: `base64.b32encode` takes twice as long."""
    first, second = _HALVES.unpack_from(hashlib.sha256("\0".join(cause).encode()).digest())
    second = (first & 15) << 56 | second >> 8
    two = _PAIRS
    return (
        f"{two[first >> 54]}{two[first >> 44 & 1023]}{two[first >> 34 & 1023]}"
        f"{two[first >> 24 & 1023]}{two[first >> 14 & 1023]}{two[first >> 4 & 1023]}"
        f"{two[second >> 50]}{two[second >> 40 & 1023]}{two[second >> 30 & 1023]}"
        f"{two[second >> 20 & 1023]}{two[second >> 10 & 1023]}{two[second & 1023]}"
    )
