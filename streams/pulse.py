"""The pulse: notices that this process slept past its session, or that it never becomes ready.

A process that was stopped or whose machine was suspended may have lost its partitions without knowing it; it must not
write before it has asked again, so it ends. A busy process is not a frozen one: the pulse beats in a thread of its own.
"""

import threading
import time

from streams.crash import die

_BEAT_SECONDS = 0.2
FROZEN_AFTER_SECONDS = 3.0
"""Well under the session time-out, after which another worker may own what this one is about to write."""

UNREADY_AFTER_SECONDS = 60.0
"""Without any progress of recovery; heals assignments and recoveries that hang."""

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Counts the time in which the machine was suspended, where the system can say it."""


class Pulse:
    """One per stage and process; `start` once."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._beat_at = 0.0
        self._progress_at = 0.0
        self._ready = False
        self.longest_sleep_seconds = 0.0
        """For how long this process once did not run, though it was meant to."""

    def start(self) -> None:
        """Begin to beat."""
        self._beat_at = self._progress_at = time.clock_gettime(_CLOCK)
        threading.Thread(target=self._beat, name=f"pulse {self._stage}", daemon=True).start()

    def progress(self) -> None:
        """Recovery got on."""
        self._progress_at = time.clock_gettime(_CLOCK)

    def ready(self, is_ready: bool) -> None:
        """Whether the stage has its partitions and their state, or is waiting for them."""
        self._ready = is_ready
        self.progress()

    def check(self) -> None:
        """Call right before writing: ends the process if it was frozen a moment ago."""
        asleep_seconds = time.clock_gettime(_CLOCK) - self._beat_at
        if asleep_seconds > FROZEN_AFTER_SECONDS:
            die(f"stage {self._stage} was frozen for {asleep_seconds:.1f} s")

    def _beat(self) -> None:
        pause = threading.Event()
        while not pause.wait(_BEAT_SECONDS):
            self.check()
            late_seconds = time.clock_gettime(_CLOCK) - self._beat_at - _BEAT_SECONDS
            self.longest_sleep_seconds = max(self.longest_sleep_seconds, late_seconds)
            self._beat_at = time.clock_gettime(_CLOCK)
            unready_seconds = 0.0 if self._ready else self._beat_at - self._progress_at
            if unready_seconds > UNREADY_AFTER_SECONDS:
                die(f"stage {self._stage} was not ready for {unready_seconds:.0f} s and its recovery did not get on")
