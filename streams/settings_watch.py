"""The settings watch: notices tenants whose settings this version of Tidings refuses, though an older one took them.

Their events wait. Who looks after the installation sees it in the log, in a metric, and by `tidings doctor`.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Protocol

from processors.settings import faults_of
from schemas.state import TenantSettings
from schemas.topics import SETTINGS, Topic
from tidings.metrics import StageMetrics

log = logging.getLogger(__name__)

LOOKED_AT_ONCE = 50
"""Settings that are read in one go: the event loop turns in between."""


class Copy(Protocol):
    """What is looked at: a full copy, as `streams.full_copy` keeps it."""

    @property
    def topic(self) -> Topic:
        """What it is a copy of."""

    @property
    def records(self) -> Mapping[str, object]:
        """The newest record of each key."""

    def take_changed(self, most: int) -> list[str]:
        """Keys whose records have changed since they were taken."""


class SettingsWatch:
    """One per stage; those that do not join the settings see none."""

    def __init__(self, stage: str, copies: Iterable[Copy], metrics: StageMetrics) -> None:
        self._stage = stage
        self._copies = [copy for copy in copies if copy.topic is SETTINGS]
        self._metrics = metrics
        self._refused: set[str] = set()

    def look(self) -> None:
        """Look at some of the settings that have changed since they were looked at."""
        for copy in self._copies:
            for tenant in copy.take_changed(LOOKED_AT_ONCE):
                self._look_at(tenant, copy.records.get(tenant))
        self._metrics.refused_settings(len(self._refused))

    def _look_at(self, tenant: str, row: object) -> None:
        faults = faults_of(row) if isinstance(row, TenantSettings) else ()
        if faults and isinstance(row, TenantSettings):
            self._refused.add(tenant)
            # Paths alone: what stands there may be somebody's.
            wrong = ", ".join(fault.path for fault in faults)
            log.error(
                "stage %s: this version refuses version %s of the settings of tenant %s, whose events wait: %s",
                self._stage,
                row.version,
                tenant,
                wrong,
            )
        elif tenant in self._refused:
            self._refused.discard(tenant)
            log.info("stage %s: the settings of tenant %s are in force again", self._stage, tenant)
