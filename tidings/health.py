"""Health: whether this process lives, and whether it does its work, with a reason for each thing that it waits for."""

import time
from collections.abc import Mapping

STUCK_AFTER_SECONDS = 30.0
"""An event loop that did not turn for so long is stuck. A probe that kills sooner would kill a process at work."""


class Health:
    """One per process. The event loop writes it and the endpoint's threads read it."""

    def __init__(self) -> None:
        self._turned_at = time.monotonic()
        self._reasons: dict[str, str] = {}

    def turned(self) -> None:
        """The event loop has come round."""
        self._turned_at = time.monotonic()

    def waits(self, subject: str, reason: str) -> None:
        """This part of the process does not do its work, for this reason."""
        self._reasons[subject] = reason

    def works(self, subject: str) -> None:
        """This part of the process does its work."""
        self._reasons.pop(subject, None)

    @property
    def stuck_seconds(self) -> float:
        """How long ago the event loop came round."""
        return time.monotonic() - self._turned_at

    @property
    def is_alive(self) -> bool:
        """Whether the event loop turns."""
        return self.stuck_seconds < STUCK_AFTER_SECONDS

    @property
    def reasons(self) -> Mapping[str, str]:
        """What keeps the process from its work, by subject; empty when nothing does."""
        return dict(self._reasons)
