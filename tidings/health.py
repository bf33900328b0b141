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

    def part(self, name: str) -> "Health":
        """The health of one of several alike parts of this process; what it waits for is said with its name."""
        return _Part(self, name)

    @property
    def reasons(self) -> Mapping[str, str]:
        """What keeps the process from its work, by subject; empty when nothing does."""
        return dict(self._reasons)


class _Part(Health):
    """Says everything to the whole."""

    def __init__(self, whole: Health, name: str) -> None:
        super().__init__()
        self._whole, self._name = whole, name

    def turned(self) -> None:
        super().turned()
        self._whole.turned()

    def waits(self, subject: str, reason: str) -> None:
        super().waits(subject, reason)
        self._whole.waits(f"{self._name} {subject}", reason)

    def works(self, subject: str) -> None:
        super().works(subject)
        self._whole.works(f"{self._name} {subject}")
