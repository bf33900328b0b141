"""Message ids: the same cause gives the same id, for ever (law 2)."""

import base64
import hashlib


def message_id(*, tenant: str, source: str, event_id: str, kind: str, recipient: str, channel: str) -> str:
    """An id of 25 lower-case letters and digits, derived from what caused the message and from nothing else."""
    cause = "\0".join((tenant, source, event_id, kind, recipient, channel))
    digest = hashlib.sha256(cause.encode()).digest()[:15]
    return "m" + base64.b32encode(digest).decode().lower()
