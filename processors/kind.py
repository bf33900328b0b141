"""What a kind of message is: a record that reads as a sentence.

When one of these events happens, to this audience, on this condition, over these channels, each at its time, unless a
switch is off. A kind may not format for a channel, know a channel's limits, look anything up or read a clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from processors.local_time import hours_before, instant
from schemas.candidate import Cause
from schemas.envelope import Event
from schemas.kind_settings import KindSettings
from schemas.words import Channel, InDoubt, Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class AtOnce:
    """It leaves as soon as the event is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursBefore:
    """It leaves so many elapsed hours before a time of the event; off while the setting is unset."""

    setting: str
    of: str = "starts_at"

    def due(self, moment: datetime, hours: float) -> datetime:
        """The instant at which it is due, `moment` being the time that `of` names."""
        return hours_before(moment, hours)


Timing = AtOnce | HoursBefore


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The audience is the contact the event is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """The audience is every member of staff with this role."""

    role: str


Audience = Subject | Staff


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A setting that must be true: `key` under `kinds.<of>`; `of` unset means the kind's own settings."""

    key: str
    of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What ties events together: the field that names the thing, and the events that move or end it."""

    field: str
    opened_by: tuple[str, ...]
    moved_by: tuple[str, ...] = ()
    ended_by: tuple[str, ...] = ()

    @property
    def event_types(self) -> tuple[str, ...]:
        """Every event type that belongs to the thread."""
        return self.opened_by + self.moved_by + self.ended_by


def always(_event: Event) -> bool:
    """The condition of a kind that answers every event of its types."""
    return True


def no_variables(_cause: Cause, _own: KindSettings) -> Mapping[str, object]:
    """For kinds whose templates need nothing but the event's own fields."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One built-in kind of message; `name` is the same in code, templates, settings, metrics and docs.

    `useful_until` names the field of the event after whose time the message is useless. `variables` adds to what
    templates see: computed from the cause and the kind's settings when the message is due.
    """

    name: str
    on: tuple[str, ...]
    settings: type[KindSettings]
    channels: Mapping[Channel, Timing]
    audience: Audience = field(default_factory=Subject)
    when: Callable[[Event], bool] = always
    switches: tuple[Switch, ...] = ()
    thread: Thread | None = None
    useful_until: str | None = None
    number: Literal["mobile", "primary"] = "mobile"
    lane: Lane = Lane.NORMAL
    in_doubt: InDoubt = InDoubt.RESEND
    variables: Callable[[Cause, KindSettings], Mapping[str, object]] = no_variables


def field_instant(data: Mapping[str, object], name: str, default_timezone: str) -> datetime | None:
    """The instant that field `name` of an event tells, in the event's own zone or else the default one."""
    text = data.get(name)
    if not isinstance(text, str):
        return None
    timezone = data.get("timezone")
    return instant(text, timezone if isinstance(timezone, str) else default_timezone)
