"""The clock watch: holds timers back when a tick comes from a future that cannot be.

A broker whose clock jumps ahead would fire everything that is due until then, and nobody could call it back. A tick is
compared with this worker's clock as it was at start, carried on by the monotonic clock, which no one can set.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

log = logging.getLogger(__name__)

AHEAD_LIMIT = timedelta(minutes=10)
_ALARM_EVERY_SECONDS = 60.0


class ClockWatch:
    """One per worker."""

    def __init__(
        self, started_at: datetime | None = None, on_held: Callable[[bool], None] = lambda are_held: None
    ) -> None:
        """`on_held` is told at each tick whether timers are held."""
        self._on_held = on_held
        self._started_at = started_at or datetime.now(UTC)
        self._started_monotonic = time.monotonic()
        self._alarmed_at = float("-inf")

    def allows(self, tick_at: datetime) -> bool:
        """Whether timers may fire at this tick; says so in the log, once a minute, when they may not."""
        elapsed_seconds = time.monotonic() - self._started_monotonic
        ahead = tick_at - (self._started_at + timedelta(seconds=elapsed_seconds))
        self._on_held(ahead > AHEAD_LIMIT)
        if ahead <= AHEAD_LIMIT:
            return True
        if elapsed_seconds - self._alarmed_at >= _ALARM_EVERY_SECONDS:
            self._alarmed_at = elapsed_seconds
            log.error("ticks are %s ahead of this worker's clock: timers are held until they are not", ahead)
        return False
