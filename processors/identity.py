"""Ids of messages and of our own events: the same cause gives the same id, for ever (law 2)."""

import base64
import hashlib


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
    digest = hashlib.sha256("\0".join(cause).encode()).digest()[:15]
    return base64.b32encode(digest).decode().lower()
