"""When to try again: growing pauses with full jitter, up to a horizon (contract section 9, Retries)."""

import hashlib
from datetime import datetime, timedelta

from schemas.message import Message

LADDER = tuple(timedelta(seconds=step) for step in (5, 30, 120, 300, 600, 1200, 2400))
LONGEST_PAUSE = timedelta(hours=1)
HORIZON = timedelta(hours=4)
LOOK_UP_WAIT = timedelta(minutes=10)
"""How long a message in doubt waits for a report before it is sent again (`wait_then_resend`)."""
UNREACHABLE_PAUSE = timedelta(seconds=5)


def pause(message_id: str, attempt: int) -> timedelta:
    """How long to wait after attempt `attempt` (1, 2, …) failed.

    Full jitter spreads a crowd that failed together over the whole step. It is derived from the message and the
    attempt, so that a replay waits exactly as long.
    """
    ceiling = LADDER[attempt - 1] if attempt <= len(LADDER) else LONGEST_PAUSE
    digest = hashlib.sha256(f"{message_id}/{attempt}".encode()).digest()
    milliseconds = ceiling // timedelta(milliseconds=1)
    return timedelta(milliseconds=int.from_bytes(digest[:8]) * (milliseconds + 1) >> 64)


def horizon(message: Message) -> datetime:
    """The instant after which a failed message is not tried again: `useful_until`, else 4 h after it might leave."""
    return message.useful_until or (message.not_before or message.commanded_at) + HORIZON


def next_try(message: Message, attempt: int, now: datetime, after: timedelta | None = None) -> datetime | None:
    """When to try again after attempt `attempt` failed, or None when that would be beyond the horizon.

    `after` is the provider's own wish (Retry-After): it lengthens a pause and never shortens one.
    """
    wait = pause(message.message_id, attempt)
    due = now + (wait if after is None else max(wait, after))
    return due if due <= horizon(message) else None
