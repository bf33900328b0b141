"""A tenant's own messages: rules, as the settings say them (contract section 7)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import time, timedelta
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from schemas.events.campaigns import Attachment
from schemas.faults import Fault
from schemas.partial import read, readable, unless_unread, where_read
from schemas.rule_files import file_faults
from schemas.settings_sections import Section
from schemas.validation import shown_value
from schemas.values import Duration, clock_time_from_text
from schemas.words import Channel

_EVENT_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_RECIPIENT = re.compile(r"contact|role:.+|staff:.+|field:[^.\s]+(\.[^.\s]+)*|[^:\s]+@[^@\s]+|\+?[\d\s().-]{3,}")


BY_ANY_WORDS = (Channel.LETTER, Channel.WEBHOOK)
"""Channels whose addresses, written out, may have any form."""
INVITABLE = (
    *(f"appointment.{what}" for what in ("scheduled", "rescheduled", "cancelled")),
    *(f"booking.{what}" for what in ("created", "rebooked", "cancelled")),
)
"""The events that a mail with an invitation may answer."""


def _one_or_many(value: Any) -> Any:
    """A single word stands for a list of one; strict parsing wants tuples from here."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _now_or_clock_time(value: Any) -> Any:
    if value == "now":
        return value
    if not isinstance(value, str):
        raise ValueError(f'must be now, or a clock time such as "13:00", not {shown_value(value)}')
    return clock_time_from_text(value)


def _rule_id(text: str) -> str:
    if re.search(r"[|\x00-\x1f]", text):
        raise ValueError(f"must be on one line and without |, not {text!r}")
    return text


OneOrMany = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]
Ratio = Annotated[float, Field(gt=0, le=8760)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTiming(Section):
    """When a message is due: at once, or in exactly one of three ways counted from a date field or from the event.

    With `days_before`, `at` is the wall-clock time of that day; alone, `at` is always `now`. `of` names a field of the
    event, or one in a map of its own, such as `booking.fitting`.
    """

    at: Annotated[time | Literal["now"] | None, BeforeValidator(_now_or_clock_time)] = None
    days_before: Annotated[int, Field(ge=0, le=3650)] | None = None
    hours_before: Ratio | None = None
    after: Duration | None = None
    of: Annotated[str, Field(min_length=1)] | None = None

    @property
    def is_at_once(self) -> bool:
        """Whether the message leaves as soon as the event is read."""
        return self.days_before is None and self.hours_before is None and self.after is None

    @property
    def clock_time(self) -> time:
        """The wall-clock time of `days_before`; alone it means 13:00."""
        return self.at if isinstance(self.at, time) else time(13)

    @property
    def field(self) -> str:
        """The date field of the event that the time is counted from."""
        return self.of or "starts_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Section):
    """One message of a tenant's own: on which events, for whom, over which channel, when, in which words."""

    id: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_rule_id)]
    on: Annotated[tuple[str, ...], Field(min_length=1)]
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    channel: Channel
    project: str | None = None
    when: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    outcome: OneOrMany | None = None
    attempt: Annotated[int, Field(ge=1)] | None = None
    exclusive_group: str | None = None
    class_: Annotated[Literal["transactional", "marketing"], Field(alias="class")] = "transactional"
    from_: Annotated[str | None, Field(alias="from")] = None
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    images: tuple[Attachment, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    timing: RuleTiming = field(default_factory=RuleTiming)
    rebooking_interval: Duration | None = None
    business_days_only: bool = False
    programme: str | None = None
    invitation: bool = False
    late_policy: Literal["skip", "send_now"] = "skip"


def is_recipient(entry: str) -> bool:
    """Whether an entry of `to` has one of the forms that those for mail and telephone have."""
    return _RECIPIENT.fullmatch(entry) is not None


def is_literal(entry: str) -> bool:
    """Whether an entry of `to` is an address itself, and not a word for one."""
    return entry != "contact" and entry.partition(":")[0] not in ("role", "staff", "field")


def read_rules(plain: object) -> tuple[tuple[Rule, ...], list[Fault]]:
    """All rules in their order, as far as they can be read, and all faults of all, paths as `rules.0.when`."""
    if not isinstance(plain, list):
        return (), [Fault(path="rules", reason=f"must be a list, not {shown_value(plain)}")]
    faults: list[Fault] = []
    rules: list[Rule] = []
    seen: dict[str, int] = {}
    for number, one in enumerate(plain):
        path = f"rules.{number}"
        rule, wrong = read(Rule, one, path)
        faults += wrong
        faults += _id_faults(rule, number, seen)
        for check in _CHECKS:
            faults += (Fault(path=f"{path}.{fault.path}", reason=fault.reason) for fault in where_read(check)(rule))
        rules.append(rule)
    return tuple(rules), faults


@where_read
def _id_faults(rule: Rule, number: int, seen: dict[str, int]) -> Iterator[Fault]:
    if rule.id in seen:
        yield Fault(path=f"rules.{number}.id", reason=f"is the id of rules.{seen[rule.id]} too: {rule.id!r}")
    seen.setdefault(rule.id, number)


def _event_faults(rule: Rule) -> Iterator[Fault]:
    for number, event_type in readable(rule.on):
        if not _EVENT_TYPE.fullmatch(event_type):
            yield Fault(path=f"on.{number}", reason=f"is no event type such as order.placed: {event_type!r}")


def _recipient_faults(rule: Rule) -> Iterator[Fault]:
    for number, recipient in readable(rule.to):
        if rule.channel not in BY_ANY_WORDS and not is_recipient(recipient):
            reason = f"must be contact, role:<name>, staff:<role>, field:<path> or an address, not {recipient!r}"
            yield Fault(path=f"to.{number}", reason=reason)


def _rebooking_faults(rule: Rule) -> Iterator[Fault]:
    if rule.rebooking_interval is None:
        return
    if rule.rebooking_interval <= timedelta(0):
        yield Fault(path="rebooking_interval", reason="must be longer than nothing")
    if not any(event_type.startswith("booking.") for _, event_type in readable(rule.on)):
        yield Fault(path="rebooking_interval", reason="only goes with booking events")


def _words_faults(rule: Rule) -> Iterator[Fault]:
    if rule.text is None and rule.html is None and rule.channel is not Channel.WEBHOOK:
        yield Fault(path="text", reason=f"is missing: rule {rule.id!r} says nothing")


def _mail_faults(rule: Rule) -> Iterator[Fault]:
    if rule.channel is Channel.EMAIL:
        yield from file_faults(rule.images, rule.attachments, rule.html)
        return
    for name in ("attachments", "images", "html", "invitation"):
        if unless_unread(partial(getattr, rule, name), None):
            yield Fault(path=name, reason=f"a rule of channel {rule.channel} has no {name}, they go by email only")


def _criteria_faults(rule: Rule) -> Iterator[Fault]:
    if rule.channel is Channel.SMS and rule.when is not None:
        reason = f"a rule of channel sms has no criteria, got {rule.when!r}: everybody must get the text"
        yield Fault(path="when", reason=reason)


def _invitation_faults(rule: Rule) -> Iterator[Fault]:
    if not rule.invitation or rule.channel is not Channel.EMAIL:
        return
    others = [each for _, each in readable(rule.on) if each not in INVITABLE and _EVENT_TYPE.fullmatch(each)]
    if others:
        reason = f"goes with events of appointments and bookings ({', '.join(INVITABLE)}), not {', '.join(others)}"
        yield Fault(path="invitation", reason=reason)


def _class_faults(rule: Rule) -> Iterator[Fault]:
    if rule.class_ == "marketing" and not rule.channel.takes_marketing:
        reason = f"class_not_allowed_on_sender: marketing goes by short_code or email, not by {rule.channel}"
        yield Fault(path="class", reason=reason)
    if rule.class_ == "transactional" and rule.channel is Channel.SHORT_CODE:
        yield Fault(path="class", reason="class_not_allowed_on_sender: a short code carries marketing only")


def _programme_faults(rule: Rule) -> Iterator[Fault]:
    if rule.programme is not None and rule.channel is not Channel.SHORT_CODE:
        yield Fault(path="programme", reason=f"only goes with channel short_code, not {rule.channel}")


def _timing_faults(rule: Rule) -> Iterator[Fault]:
    timing = rule.timing
    ways = [name for name in ("days_before", "hours_before", "after") if getattr(timing, name) is not None]
    if len(ways) > 1:
        yield Fault(path="timing", reason=f"counts in more than one way: {', '.join(ways)}")
    if timing.after is not None and timing.after <= timedelta(0):
        yield Fault(path="timing.after", reason="must be longer than nothing")
    if timing.of is not None and timing.days_before is None and timing.hours_before is None:
        yield Fault(path="timing.of", reason="only goes with days_before or hours_before")
    if timing.at == "now" and ways:
        yield Fault(path="timing.at", reason=f"is now, and {ways[0]} says otherwise")
    if isinstance(timing.at, time) and timing.days_before is None:
        yield Fault(path="timing.at", reason="a clock time only goes with days_before")


_CHECKS = (
    _event_faults,
    _recipient_faults,
    _words_faults,
    _mail_faults,
    _criteria_faults,
    _invitation_faults,
    _class_faults,
    _programme_faults,
    _timing_faults,
    _rebooking_faults,
)
