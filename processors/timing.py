"""Timings: when a kind's message leaves, counted from what its event tells. A timing is a record, and pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from typing import Protocol

from processors.local_time import from_wall_clock, hours_before, instant, on_wall_clock
from schemas.clock import rfc3339
from schemas.kind_settings import KindSettings
from schemas.making import made_quickly
from schemas.values import date_from_text, duration_to_text

_SATURDAY = 5


class Telling(Protocol):
    """What timings count from, each asked for what it needs: who lives where is known only to a table."""

    @property
    def time(self) -> datetime:
        """When the event happened."""

    @property
    def data(self) -> Mapping[str, object]:
        """The event's fields, over those that its thread remembers."""

    @property
    def timezone(self) -> str:
        """The tenant's zone: that of local times where the event names none."""

    @property
    def contact_timezone(self) -> str:
        """Where the contact lives; else the tenant's zone."""


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """When a message is due, counted from `moment`, and after when it is useless; `facts` is what that rests on.

    `occurrence` tells the hours of one event apart.
    """

    moment: datetime
    due: datetime
    useful_until: datetime | None = None
    occurrence: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtOnce:
    """It leaves as soon as the event is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursBefore:
    """It leaves so many elapsed hours before a time of the event; off while the setting is unset."""

    setting: str
    of: str = "starts_at"

    def hours(self, telling: Telling, own: KindSettings) -> tuple[Hour, ...]:
        """The one hour; the setting must not be unset."""
        hours: float = getattr(own, self.setting)
        moment = field_instant(telling.data, self.of, telling.timezone)
        if moment is None:
            raise ValueError(f"the event has no time {self.of!r} to count from")
        facts = {self.setting: hours, self.of: moment.isoformat()}
        due = hours_before(moment, hours)
        if getattr(own, "business_days_only", False):
            local = on_wall_clock(due, event_zone(telling.data, telling.timezone))
            day = business_day(local.date(), getattr(own, "holidays", ()))
            if day != local.date():
                due = from_wall_clock(datetime.combine(day, local.time()), event_zone(telling.data, telling.timezone))
        return (Hour(moment=moment, due=due, facts=facts),)


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterActivity:
    """It leaves so long after the last event of its thread; off while the setting is unset.

    `unless_after` names the settings of later stages: once the first of them that is set has come, it is useless.
    """

    setting: str
    unless_after: tuple[str, ...] = ()

    def hours(self, telling: Telling, own: KindSettings) -> tuple[Hour, ...]:
        """The one hour; the setting must not be unset."""
        span: timedelta = getattr(own, self.setting)
        later = [stage for name in self.unless_after if (stage := getattr(own, name)) is not None]
        last = telling.time
        return (
            Hour(
                moment=last,
                due=last + span,
                useful_until=last + min(later) if later else None,
                facts={self.setting: duration_to_text(span), "last_activity": rfc3339(last)},
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysAfter:
    """It leaves so many days after a date of the event, once for each day that the setting lists.

    `at` names the setting of the wall-clock time, which is that of the contact's zone. Once the next one has come, the
    one before is useless.
    """

    setting: str
    of: str
    at: str = "at"

    def hours(self, telling: Telling, own: KindSettings) -> tuple[Hour, ...]:
        """One hour for each day, in order."""
        days: list[int] = sorted(getattr(own, self.setting))
        clock: time = getattr(own, self.at)
        first = datetime.combine(date_from_text(str(telling.data[self.of])), clock)
        dues = [from_wall_clock(first + timedelta(days=day), telling.contact_timezone) for day in days]
        facts = {self.of: telling.data[self.of], self.at: f"{clock:%H:%M}", "timezone": telling.contact_timezone}
        return tuple(
            Hour(moment=due, due=due, useful_until=following, occurrence=str(day), facts={"day": day, **facts})
            for day, due, following in zip_longest(days, dues, dues[1:])
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysBefore:
    """It leaves so many days before a date of the event, at a wall-clock time of the event's own zone.

    With `business_days_only` it moves back to the nearest day that is neither weekend nor holiday.
    """

    setting: str
    of: str
    at: str = "at"

    def hours(self, telling: Telling, own: KindSettings) -> tuple[Hour, ...]:
        """The one hour; it is useless once the moment, or the whole day where the event names a day, has come."""
        days: int = getattr(own, self.setting)
        clock: time = getattr(own, self.at)
        zone = event_zone(telling.data, telling.timezone)
        moment = field_instant(telling.data, self.of, telling.timezone)
        if moment is None:
            raise ValueError(f"the event has no time {self.of!r} to count from")
        day = on_wall_clock(moment, zone).date() - timedelta(days=days)
        if getattr(own, "business_days_only", False):
            day = business_day(day, getattr(own, "holidays", ()))
        said = told(telling.data, self.of)
        until = end_of_day(moment, zone) if is_date(said) else moment
        facts = {"days_before": days, "at": f"{clock:%H:%M}", "timezone": zone, self.of: said}
        due = from_wall_clock(datetime.combine(day, clock), zone)
        return (Hour(moment=until, due=due, useful_until=until, facts=facts),)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestWindow:
    """It leaves when a window closes into which the events about one thing are collected, in the order of their times.

    Field `by` names the thing, `joins` is the field that is collected. `window` and `max_window` name settings: so long
    after the last event, and at most so long after the first. Field `closed_by` closes the window at once.
    """

    by: str
    joins: str
    window: str
    max_window: str
    closed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Soon:
    """It is useless so many minutes after its event: somebody waits on the line."""

    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOfDay:
    """The end of the day on which the event happened, in the tenant's zone."""


Planned = HoursBefore | AfterActivity | DaysAfter | DaysBefore
Timing = AtOnce | DigestWindow | Planned


def end_of_day(moment: datetime, timezone: str) -> datetime:
    """The midnight that follows, on the clocks of `timezone`; in UTC."""
    tomorrow = on_wall_clock(moment, timezone).date() + timedelta(days=1)
    return from_wall_clock(datetime.combine(tomorrow, time()), timezone)


def field_instant(data: Mapping[str, object], name: str, default_timezone: str) -> datetime | None:
    """The instant that field `name` of an event tells, in the event's own zone or else the default one."""
    text = told(data, name)
    if not isinstance(text, str):
        return None
    return instant(text, event_zone(data, default_timezone))


def told(data: Mapping[str, object], path: str) -> object:
    """What an event says in a field, or in one of a map, such as `booking.fitting`; None where it says nothing."""
    if "." not in path:
        return data.get(path)
    found: object = data
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def event_zone(data: Mapping[str, object], default_timezone: str) -> str:
    """The event's own zone, else the default one."""
    timezone = data.get("timezone")
    return timezone if isinstance(timezone, str) else default_timezone


def business_day(day: date, holidays: Collection[date]) -> date:
    """The day itself, or the nearest one before it that is neither weekend nor holiday."""
    while day.weekday() >= _SATURDAY or day in holidays:
        day -= timedelta(days=1)
    return day


def is_date(text: object) -> bool:
    """Whether the text names a day without a time."""
    return isinstance(text, str) and len(text) == len("2026-01-01") and "T" not in text
