"""What a kind of message is: a record that reads as a sentence.

When one of these events happens, to this audience, on this condition, over these channels, each at its time, unless a
switch is off or something else speaks against it. A kind may not format for a channel, know a channel's limits, look
anything up or read a clock. All words that a kind needs are found here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from processors.criteria import judge
from processors.timing import AfterActivity as AfterActivity  # noqa: PLC0414 - a word for kinds
from processors.timing import AtOnce as AtOnce  # noqa: PLC0414 - a word for kinds
from processors.timing import DaysAfter as DaysAfter  # noqa: PLC0414 - a word for kinds
from processors.timing import DaysBefore as DaysBefore  # noqa: PLC0414 - a word for kinds
from processors.timing import DigestWindow as DigestWindow  # noqa: PLC0414 - a word for kinds
from processors.timing import EndOfDay as EndOfDay  # noqa: PLC0414 - a word for kinds
from processors.timing import HoursBefore as HoursBefore  # noqa: PLC0414 - a word for kinds
from processors.timing import Planned, Timing
from processors.timing import Soon as Soon  # noqa: PLC0414 - a word for kinds
from schemas.candidate import Cause
from schemas.envelope import Actor, Event
from schemas.kind_settings import KindSettings
from schemas.reasons import Reason
from schemas.words import ActorKind, Channel, InDoubt, Lane


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The audience is every contact that an event of type `opened_by` lists in its field `members`.

    An event of type `joined_by` adds the contact in its field `member`, once the thing was opened; one that comes
    before waits for that. Field `by` of both names the thing.
    """

    opened_by: str
    members: str
    joined_by: str
    member: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The audience is the contact that this field of the event names; without it, the one the event is about."""

    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """The audience is whoever these entries say: `contact`, role:<name>, staff:<role>, field:<path>, or an address."""

    to: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """The audience is whoever wrote the text that is answered, on the number that was written to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The audience is the tenant: `contact_email`, or `smtp_contact_email` where texts go by email."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MainPhone:
    """The audience is the tenant's `main_phone`; the message comes from whoever the event's field `caller` names."""

    caller: str


Audience = Subject | Staff | Batch | Listed | Named | Addressed | Writer | Desk | MainPhone


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
    """What may speak against a message: who did what, the kind's settings, and what is known of the contact.

    `variables` gives what criteria look at, which is the same that templates see.
    """

    actor: Actor
    data: Mapping[str, object]
    own: KindSettings
    has_login: bool
    variables: Callable[[], Mapping[str, object]]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPermitted:
    """Nothing is said for somebody who is no staff, or has none of the roles that this setting lists, if it is set."""

    setting: str
    reason: Reason = Reason.NOT_PERMITTED

    def facts(self, seen: Circumstances) -> Mapping[str, object] | None:
        """What speaks against it, or None."""
        roles: tuple[str, ...] | None = getattr(seen.own, self.setting)
        if seen.actor.kind is not ActorKind.STAFF:
            return {"actor.kind": seen.actor.kind}
        if roles is None or set(roles) & set(seen.actor.roles):
            return None
        return {"actor.roles": list(seen.actor.roles), self.setting: list(roles)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """Nothing is said while this criterion does not hold."""

    expression: str

    @property
    def reason(self) -> str:
        """It carries the criterion as it was written."""
        return Reason.CRITERIA_FALSE.of(self.expression)

    def facts(self, seen: Circumstances) -> Mapping[str, object] | None:
        """What speaks against it, or None."""
        verdict = judge(self.expression, seen.variables())
        return None if verdict.holds else verdict.facts


Objection = Missing | HasLogin | NotPermitted | Unmet


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What ties events together: the field that names the thing, and the events that open, move or end it.

    `of` says what sort of thing, where the name of the field does not.
    An event that both opens and moves keeps the thread going: it begins anew only what has ended before.
    """

    field: str
    opened_by: tuple[str, ...]
    moved_by: tuple[str, ...] = ()
    ended_by: tuple[str, ...] = ()
    of: str | None = None

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
    """One kind of message, built in or out of a tenant's rule (`rule:<id>`).

    `name` is the same in code, templates, settings, metrics and docs.

    `useful_until` names the field of the event after whose time the message is useless, or another end. `once_per`
    names a field: about the thing that it names, a contact is told once, however many events say so. `channel_in` names
    the field that chooses one of the channels. `variables` adds to what templates see: computed from the cause and the
    kind's settings when the message is due.

    Of all kinds of one `exclusive_group` that could answer an event, only the first does.

    `asks_for_reminders`: whoever wants no reminders gets none of this kind. `asks_for_boxes`: the contact's box of the
    channel must be ticked. `dispatch_boxes` names the event's own box of each channel. `is_awaited`: somebody waits for
    it, so opt-outs, No SMS and quiet hours do not stop it. `programme` is the group to whose members it goes.
    """

    name: str
    on: tuple[str, ...]
    settings: type[KindSettings]
    channels: Mapping[Channel, Timing]
    audience: Audience = field(default_factory=Subject)
    when: Callable[[Event], bool] = always
    switches: tuple[Switch, ...] = ()
    unless: tuple[Objection, ...] = ()
    exclusive_group: str | None = None
    once_per: str | None = None
    thread: Thread | None = None
    emits: OwnEvent | None = None
    useful_until: str | EndOfDay | Soon | None = None
    channel_in: str | None = None
    asks_for_reminders: bool = False
    asks_for_boxes: bool = False
    dispatch_boxes: Mapping[Channel, str] = field(default_factory=dict)
    is_awaited: bool = False
    programme: str | None = None
    number: Literal["mobile", "primary"] = "mobile"
    lane: Lane = Lane.NORMAL
    in_doubt: InDoubt = InDoubt.RESEND
    variables: Callable[[Cause, KindSettings], Mapping[str, object]] = no_variables
