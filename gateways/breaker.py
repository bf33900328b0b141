"""The breaker of one provider: after too many errors it rests, then lets a few probes decide."""

from collections import deque
from datetime import datetime, timedelta

ERRORS = 50
WINDOW = timedelta(seconds=60)
REST = timedelta(seconds=30)
PROBES = 3


class Breaker:
    """Closed: all may pass. Open: none. Half-open after a rest: as many as there are probes."""

    def __init__(self) -> None:
        self._errors: deque[datetime] = deque()
        self._opened_at: datetime | None = None
        self._probes_out = 0
        self._probes_passed = 0

    @property
    def is_open(self) -> bool:
        """Whether the provider is given a rest or is being probed."""
        return self._opened_at is not None

    def allowance(self, now: datetime) -> int | None:
        """How many messages may be sent now; None is no limit."""
        if self._opened_at is None:
            return None
        return 0 if now < self._opened_at + REST else PROBES - self._probes_out - self._probes_passed

    def passed_on(self, count: int) -> None:
        """So many messages are on their way; while half-open they are probes."""
        if self._opened_at is not None:
            self._probes_out += count

    def returned(self, count: int) -> None:
        """So many of those that were passed on were not sent after all."""
        self._probes_out = max(0, self._probes_out - count)

    def succeeded(self, now: datetime) -> None:
        """The provider answered, be it with a refusal."""
        if self._opened_at is None or now < self._opened_at + REST or not self._probes_out:
            return
        self._probes_out -= 1
        self._probes_passed += 1
        if self._probes_passed >= PROBES:
            self._close()

    def failed(self, now: datetime) -> bool:
        """The provider itself failed. True when this very error opened the breaker, so that it is said once."""
        if self._opened_at is not None:
            if self._probes_out and now >= self._opened_at + REST:
                self._open(now)
            return False
        self._errors.append(now)
        while self._errors[0] <= now - WINDOW:
            self._errors.popleft()
        if len(self._errors) < ERRORS:
            return False
        self._open(now)
        return True

    def _open(self, now: datetime) -> None:
        self._errors.clear()
        self._opened_at = now
        self._probes_out = self._probes_passed = 0

    def _close(self) -> None:
        self._opened_at = None
        self._probes_out = self._probes_passed = 0
