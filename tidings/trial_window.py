"""The window of a trial: the newest events of a tenant, in order, and the settings, people and consents of now."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from processors.settings import typed
from schemas.clock import rfc3339
from schemas.state import TenantSettings
from tidings.config import Kafka
from tidings.past import events_of, setting_now
from tidings.preview import AS_THEY_ARE, Happened, Setting
from tidings.trial import heard_by_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a trial looks at; `left_out` counts older events of the same days that were too many."""

    setting: Setting
    events: tuple[Happened, ...]
    since: datetime
    until: datetime
    left_out: int

    @property
    def currency(self) -> str:
        """The tenant's."""
        return typed(self.setting.settings).settings.currency

    @property
    def sentence(self) -> str:
        """What was looked at, for people."""
        settings = self.setting.settings
        older = f"; {self.left_out:,} older ones of these days are left out" if self.left_out else ""
        since, until = (rfc3339(each.replace(microsecond=0)) for each in (self.since, self.until))
        return (
            f"Looked at {len(self.events):,} events of tenant {settings.tenant} from {since} to {until}{older},"
            f" beside version {settings.version} of its settings."
        )

    def candidate(self, document: Mapping[str, object]) -> TenantSettings:
        """Other settings in the place of those in force."""
        return replace(self.setting.settings, document=document)


async def read_window(
    kafka: Kafka, tenant: str, since: datetime, now: datetime, most: int, draft: Mapping[str, object]
) -> Window | None:
    """The events since then that rules may answer, the newest `most` of them; None for a tenant without settings."""
    setting = await setting_now(kafka, tenant)
    if setting is None:
        return None
    passed_over = AS_THEY_ARE - heard_by_rules(setting.settings.document, draft)
    newest: list[tuple[datetime, int, int, Happened]] = []
    left_out = 0
    async for logged in events_of(kafka, tenant, since):
        if logged.event.type in passed_over or logged.position.at > now:
            continue
        position = logged.position
        entry = (position.at, position.partition, position.offset, Happened(event=logged.event, at=position.at))
        if len(newest) < most:
            heapq.heappush(newest, entry)
        else:
            heapq.heappushpop(newest, entry)
            left_out += 1
    events = tuple(entry[-1] for entry in sorted(newest, key=lambda entry: entry[:3]))
    return Window(
        setting=setting,
        events=events,
        since=events[0].at if left_out else since,
        until=now,
        left_out=left_out,
    )
