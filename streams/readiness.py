"""Readiness: when a worker has its partitions, their state and its full copies, and performs what comes.

It says so in the log (`worker ready`), to whoever asks `/readyz`, and to whoever started it by one line on a file
descriptor: `ready`.
"""

import logging
import os
from collections.abc import Iterable

from tidings.health import Health

log = logging.getLogger(__name__)


class Readiness:
    """Waits for all stages of this process; each may say several times that it is ready, after each rebalance."""

    def __init__(
        self, worker: str, stages: Iterable[str], descriptor: int | None = None, health: Health | None = None
    ) -> None:
        self._worker = worker
        self._waiting = set(stages)
        self._descriptor = descriptor
        self.health = health or Health()
        for stage in self._waiting:
            self.stage_waits(stage, "is starting")

    def stage_waits(self, stage: str, reason: str) -> None:
        """A stage cannot perform anything now."""
        self.health.waits(f"stage {stage}", reason)

    def stage_ready(self, stage: str, partitions: Iterable[int]) -> None:
        """A stage has these partitions of its topics."""
        log.info("stage ready: %s, worker %s, partitions %s", stage, self._worker, sorted(partitions))
        self.health.works(f"stage {stage}")
        if stage not in self._waiting:
            return
        self._waiting.remove(stage)
        if not self._waiting:
            log.info("worker ready: %s", self._worker)
            if self._descriptor is not None:
                os.write(self._descriptor, b"ready\n")
                os.close(self._descriptor)
