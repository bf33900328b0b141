"""The early warning: at the rate of the last minute, will all that waits leave while it is of use?

What has just been sent stands for what waits behind it: messages of one wave are of use for about as long. So the
warning comes within seconds of the wave's beginning, and not when the first message of it has expired.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low

WINDOW = timedelta(seconds=60)
ENOUGH = timedelta(seconds=10)
"""A rate is known after so long in which something waited all the time; an idle sender has none."""
REMEMBERED = 200
LONGEST = timedelta(days=3650)
"""What stands still for ever, in a time that can be counted with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How long all that waits will take; `too_late_for` is the `useful_until` of half of it, where that comes first."""

    per_second: float
    clears_in: timedelta
    too_late_for: datetime | None = None


NOTHING_WAITS = Outlook(per_second=0.0, clears_in=timedelta())


class Forecast:
    """One gateway's: told of each message that ended, asked once a second."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._ended = 0
        self._looks: deque[tuple[datetime, int]] = deque()
        self._useful_until: deque[datetime] = deque(maxlen=REMEMBERED)

    def ended(self, useful_until: datetime | None) -> None:
        """The provider answered on one message."""
        self._ended += 1
        if useful_until is not None:
            self._useful_until.append(useful_until)

    def look(self, waiting: int) -> Outlook | None:
        """The outlook for so many messages; None as long as the rate is not known."""
        if not waiting:
            self._looks.clear()
            self._useful_until.clear()
            return NOTHING_WAITS
        now = self._clock()
        self._looks.append((now, self._ended))
        while now - self._looks[0][0] > WINDOW:
            self._looks.popleft()
        began, ended = self._looks[0]
        if now - began < ENOUGH:
            return None
        per_second = (self._ended - ended) / (now - began).total_seconds()
        seconds = waiting / per_second if per_second else LONGEST.total_seconds()
        clears_in = timedelta(seconds=min(seconds, LONGEST.total_seconds()))
        half = median_low(self._useful_until) if self._useful_until else None
        late = half if half is not None and now + clears_in > half else None
        return Outlook(per_second=per_second, clears_in=clears_in, too_late_for=late)
