"""What a kind of message is: a record that reads as a sentence.

When one of these events happens, to this audience, on this condition, over these channels, each at its time, unless a
switch is off or something else speaks against it. A kind may not format for a channel, know a channel's limits, look
anything up or read a clock. All words that a kind needs are found here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from processors.timing import AfterActivity as AfterActivity  # noqa: PLC0414 - a word for kinds
from processors.timing import AtOnce as AtOnce  # noqa: PLC0414 - a word for kinds
from processors.timing import HoursBefore as HoursBefore  # noqa: PLC0414 - a word for kinds
from processors.timing import Planned, Timing
from schemas.candidate import Cause
from schemas.envelope import Event
from schemas.kind_settings import KindSettings
from schemas.reasons import Reason
from schemas.words import Channel, InDoubt, Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The audience is the contact the event is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """The audience is every member of staff with this role."""

    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The audience is the contact the event is about; of an event of type `whole`, every contact of a batch.

    Those are the contacts that events of type `listed_by` list in their field `members`. Field `by` of both names the
    batch.
    """

    whole: str
    listed_by: str
    members: str
    by: str


Audience = Subject | Staff | Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A setting that must be true: `key` under `kinds.<of>`; `of` unset means the kind's own settings.

    `reason` unset means `setting_off:<key>`.
    """

    key: str
    of: str | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What may speak against a message: the event's fields, and what is known of the contact."""

    data: Mapping[str, object]
    has_login: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Nothing is said when the event lacks this field."""

    field: str
    reason: Reason

    def facts(self, seen: Circumstances) -> Mapping[str, object] | None:
        """What speaks against it, or None."""
        return None if seen.data.get(self.field) else {self.field: None}


@dataclass(frozen=True, slots=True, kw_only=True)
class HasLogin:
    """Nothing is said to a contact who has a login, be it known here or only to the event, by its field."""

    field: str = "has_login"
    reason: Reason = Reason.ALREADY_HAS_LOGIN

    def facts(self, seen: Circumstances) -> Mapping[str, object] | None:
        """What speaks against it, or None."""
        if seen.has_login:
            return {"has_login": True}
        return {f"data.{self.field}": True} if seen.data.get(self.field) is True else None


Objection = Missing | HasLogin


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What ties events together: the field that names the thing, and the events that open, move or end it.

    An event that both opens and moves keeps the thread going: it begins anew only what has ended before.
    """

    field: str
    opened_by: tuple[str, ...]
    moved_by: tuple[str, ...] = ()
    ended_by: tuple[str, ...] = ()

    @property
    def event_types(self) -> tuple[str, ...]:
        """Every event type that belongs to the thread."""
        return self.opened_by + self.moved_by + self.ended_by


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEvent:
    """An event that Tidings itself publishes at an hour, whether or not anybody can be told of it."""

    event_type: str
    at: Planned


def always(_event: Event) -> bool:
    """The condition of a kind that answers every event of its types."""
    return True


def no_variables(_cause: Cause, _own: KindSettings) -> Mapping[str, object]:
    """For kinds whose templates need nothing but the event's own fields."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One built-in kind of message; `name` is the same in code, templates, settings, metrics and docs.

    `useful_until` names the field of the event after whose time the message is useless. `once_per` names a field: about
    the thing that it names, a contact is told once, however many events say so. `variables` adds to what templates see:
    computed from the cause and the kind's settings when the message is due.
    """

    name: str
    on: tuple[str, ...]
    settings: type[KindSettings]
    channels: Mapping[Channel, Timing]
    audience: Audience = field(default_factory=Subject)
    when: Callable[[Event], bool] = always
    switches: tuple[Switch, ...] = ()
    unless: tuple[Objection, ...] = ()
    once_per: str | None = None
    thread: Thread | None = None
    emits: OwnEvent | None = None
    useful_until: str | None = None
    number: Literal["mobile", "primary"] = "mobile"
    lane: Lane = Lane.NORMAL
    in_doubt: InDoubt = InDoubt.RESEND
    variables: Callable[[Cause, KindSettings], Mapping[str, object]] = no_variables
