"""Timings: when a kind's message leaves, counted from what its event tells. A timing is a record, and pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from processors.local_time import hours_before, instant
from schemas.clock import rfc3339
from schemas.kind_settings import KindSettings
from schemas.values import duration_to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What timings count from: an event's own time and its fields, over those that its thread remembers."""

    time: datetime
    data: Mapping[str, object]
    timezone: str
    """The zone of local times where the event names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """When a message is due, counted from `moment`, and after when it is useless; `facts` is what that rests on."""

    moment: datetime
    due: datetime
    useful_until: datetime | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtOnce:
    """It leaves as soon as the event is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursBefore:
    """It leaves so many elapsed hours before a time of the event; off while the setting is unset."""

    setting: str
    of: str = "starts_at"

    def hour(self, telling: Telling, own: KindSettings) -> Hour:
        """The hour; the setting must not be unset."""
        hours: float = getattr(own, self.setting)
        moment = field_instant(telling.data, self.of, telling.timezone)
        if moment is None:
            raise ValueError(f"the event has no time {self.of!r} to count from")
        facts = {self.setting: hours, self.of: moment.isoformat()}
        return Hour(moment=moment, due=hours_before(moment, hours), facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterActivity:
    """It leaves so long after the last event of its thread; off while the setting is unset.

    `unless_after` names the settings of later stages: once the first of them that is set has come, it is useless.
    """

    setting: str
    unless_after: tuple[str, ...] = ()

    def hour(self, telling: Telling, own: KindSettings) -> Hour:
        """The hour; the setting must not be unset."""
        span: timedelta = getattr(own, self.setting)
        later = [stage for name in self.unless_after if (stage := getattr(own, name)) is not None]
        return Hour(
            moment=telling.time,
            due=telling.time + span,
            useful_until=telling.time + min(later) if later else None,
            facts={self.setting: duration_to_text(span), "last_activity": rfc3339(telling.time)},
        )


Planned = HoursBefore | AfterActivity
Timing = AtOnce | Planned


def field_instant(data: Mapping[str, object], name: str, default_timezone: str) -> datetime | None:
    """The instant that field `name` of an event tells, in the event's own zone or else the default one."""
    text = data.get(name)
    if not isinstance(text, str):
        return None
    timezone = data.get("timezone")
    return instant(text, timezone if isinstance(timezone, str) else default_timezone)
