"""When what a kind says to an event is due, and what is too late to be said."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from processors.addressees import entries_of
from processors.decide.objections import Refusal, dropped, settings_path
from processors.effects import Effect
from processors.emissions import emit_later
from processors.kind import EndOfDay, Kind, OwnEvent, Soon
from processors.occasion import Occasion
from processors.schedule import plan
from processors.timing import Hour, Planned, end_of_day, field_instant
from schemas.kind_settings import SHARED
from schemas.reasons import Reason
from schemas.rule_settings import PREFIX
from schemas.values import PLANNABLE_YEARS
from schemas.words import Channel

LONGEST_LEAD = timedelta(days=3660)
"""More than any rule looks ahead; times before the calendar's first years cannot be counted from."""


def say_later(kind: Kind, channel: Channel, timing: Planned, occasion: Occasion) -> Sequence[Effect]:
    """A plan for each hour of the timing that has not passed."""
    field = getattr(timing, "of", None)
    if field is not None and kind.name.startswith(PREFIX) and not _tells_time(field, occasion):
        facts = {field: occasion.data.get(field)}
        missing = Refusal(reason=Reason.MISSING_VARIABLE.of(field), facts=facts)
        return (dropped(kind, occasion, channel, missing),)
    hours = hours_of(kind, timing, occasion)
    if not hours:
        facts = {settings_path(kind, timing.setting): None}
        off = Refusal(reason=Reason.SETTING_OFF.of(timing.setting), facts=facts)
        return (dropped(kind, occasion, channel, off),)
    effects: list[Effect] = []
    for hour in hours:
        effects += _at(hour, kind, channel, occasion)
    return effects


def emission(own: OwnEvent, kind: Kind, occasion: Occasion) -> Sequence[Effect]:
    """What a kind publishes happens also when its own message is off; not when all that it belongs to is."""
    if not occasion.known.settings.kinds[SHARED.get(kind.name, kind.name)].enabled:
        return ()
    effects: list[Effect] = []
    for hour in hours_of(kind, own.at, occasion):
        effects += emit_later(own.event_type, hour.due, occasion)
    return effects


def useful_until(kind: Kind, occasion: Occasion) -> datetime | None:
    """After when all that the kind says to this event is useless."""
    if kind.useful_until is None:
        return None
    if isinstance(kind.useful_until, EndOfDay):
        return end_of_day(occasion.event.time, occasion.timezone)
    if isinstance(kind.useful_until, Soon):
        return occasion.event.time + timedelta(minutes=kind.useful_until.minutes)
    return field_instant(occasion.data, kind.useful_until, occasion.timezone)


def _at(hour: Hour, kind: Kind, channel: Channel, occasion: Occasion) -> Sequence[Effect]:
    own = occasion.known.settings.kinds[kind.name]
    due, happened = hour.due, occasion.event.time
    if due < happened:
        if own.late_policy == "skip" or hour.moment < happened:
            late = {**hour.facts, "due": due.isoformat(), "late_policy": own.late_policy}
            missed = Refusal(reason=Reason.REMINDER_WINDOW_PASSED, facts=late)
            return (dropped(kind, occasion, channel, missed, due=due),)
        due = occasion.record.now
    until = hour.useful_until or useful_until(kind, occasion)
    effects: list[Effect] = []
    for entry in entries_of(kind):
        effects += plan(kind, channel, due, until, occasion, hour.facts, hour.occurrence, entry)
    return effects


def hours_of(kind: Kind, timing: Planned, occasion: Occasion) -> tuple[Hour, ...]:
    """When a timing of this kind is due; none while its setting is unset, or an empty list."""
    own = occasion.known.settings.kinds[kind.name]
    return () if getattr(own, timing.setting) in (None, ()) else timing.hours(occasion, own)


def _tells_time(field: str, occasion: Occasion) -> bool:
    """Whether the event has a time to count from; what a tenant's own events hold is anybody's guess."""
    try:
        moment = field_instant(occasion.data, field, occasion.known.settings.timezone)
        if moment is None or moment.year >= PLANNABLE_YEARS.stop:
            return False
        return moment - LONGEST_LEAD > datetime.min.replace(tzinfo=UTC)
    except (ValueError, LookupError, OverflowError, OSError):
        return False
