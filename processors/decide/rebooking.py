"""Rebookings: a cancelled booking and a new one of the same contact and project, close in time, are one thing.

What rules would say at once is held for the interval: a cancellation, because a new booking may follow, and a second
booking while the first is alive, because the cancellation may be late. Whichever comes second settles both (contract
section 7). Times of events say what belongs together; the time of reading says how long is waited, so that events which
come late together are still one message.
"""

from collections.abc import Generator, Iterator, Mapping
from datetime import datetime, timedelta

from processors.decide.tables import BOOKINGS
from processors.effects import Delete, Effect, Forward, Put, prefix_end, row_key
from processors.emissions import SOURCE
from processors.identity import emitted_id
from processors.occasion import Occasion, Turn
from processors.schedule import drop_held, held_plans, release_held
from processors.timing import field_instant
from schemas.clock import rfc3339
from schemas.event_data import data_to_plain
from schemas.events import FreeRecord
from schemas.reasons import Reason
from schemas.replacing import replace
from schemas.settings import Settings
from schemas.state import KnownBooking
from schemas.topics import EVENTS
from schemas.values import duration_to_text
from schemas.wire import event_from_mapping, event_to_json

MADE, CANCELLED, COMPLETED, REBOOKED = "booking.created", "booking.cancelled", "booking.completed", "booking.rebooked"
REBOOKABLE = (MADE, CANCELLED, COMPLETED)
BOOKINGS_OF_ONE_PROJECT = 1_000
STILL_ALIVE = timedelta(days=1)
"""So long after its start a booking that nobody ended counts as alive: what was missed may still be moved."""
FORGOTTEN_AFTER = timedelta(days=3)
"""So long after its start, and after all that was held for it, nothing is known of a booking any more."""

Found = dict[str, KnownBooking]


def rebook(occasion: Occasion) -> Generator[Effect, None, Turn]:
    """Remember what becomes of a booking; returns what that means for the rules that would answer at once."""
    event, standing = occasion.event, occasion.standing
    project, name = str(occasion.cause.data["project"]), str(occasion.cause.data["booking_id"])
    found = yield from _bookings(project, occasion)
    interval = _interval(project, occasion.known.settings)
    if event.type == COMPLETED:
        yield Delete(table=BOOKINGS, key=_row(project, name, occasion))
        return Turn()
    if event.type == CANCELLED:
        return (yield from _cancelled(name, project, interval, found, occasion))
    if standing is not None and standing.stale_because:
        return Turn()
    return (yield from _made(name, project, interval, found, occasion))


def _made(
    name: str, project: str, interval: timedelta, found: Found, occasion: Occasion
) -> Generator[Effect, None, Turn]:
    event, now = occasion.event, occasion.record.now
    new = KnownBooking(starts_at=_start(occasion), made_at=event.time)
    waiting = [
        each
        for each, old in found.items()
        if old.cancelled_at is not None
        and abs(event.time - old.cancelled_at) <= interval
        and _waits(each, old, occasion)
    ]
    if waiting:
        old = min(waiting, key=lambda each: (found[each].cancelled_at or event.time, each))
        yield from drop_held(_thread(old), Reason.RESCHEDULED_BY_EVENT, occasion)
        if old != name:
            settled = replace(found[old], until=None, rebooked=True)
            yield Put(table=BOOKINGS, key=_row(project, old, occasion), value=settled)
        yield Put(table=BOOKINGS, key=_row(project, name, occasion), value=replace(new, is_rebooking=True))
        if not _answers_rebookings(project, occasion.known.settings):
            return Turn()
        yield _rebooked(event_to_json(event), old, found[old])
        return _silent(old)
    alive = [each for each, old in found.items() if _is_alive(old, occasion)]
    if not interval or not alive:
        yield Put(table=BOOKINGS, key=_row(project, name, occasion), value=new)
        return Turn()
    held = replace(new, until=now + interval, event=event_to_json(event))
    yield Put(table=BOOKINGS, key=_row(project, name, occasion), value=held)
    return Turn(held_until=now + interval, facts={**_facts(interval), "alive": alive[0]})


def _cancelled(
    name: str, project: str, interval: timedelta, found: Found, occasion: Occasion
) -> Generator[Effect, None, Turn]:
    event, standing = occasion.event, occasion.standing
    old = found.get(name) or KnownBooking(starts_at=_start(occasion))
    over = replace(old, cancelled_at=event.time, until=None, event=None)
    following = _following(name, old, interval, found, occasion)
    if following is not None:
        if following != name:
            yield Put(table=BOOKINGS, key=_row(project, name, occasion), value=replace(over, rebooked=True))
        yield from _settle(following, found[following], name, over, project, occasion)
        return _silent(following)
    if standing is not None and standing.stale_because:
        return Turn()
    if old.rebooked and old.cancelled_at is not None:
        return _silent("")
    if not interval:
        yield Put(table=BOOKINGS, key=_row(project, name, occasion), value=over)
        return Turn()
    until = occasion.record.now + interval
    yield Put(table=BOOKINGS, key=_row(project, name, occasion), value=replace(over, until=until))
    return Turn(held_until=until, facts=_facts(interval))


def _following(name: str, old: KnownBooking, interval: timedelta, found: Found, occasion: Occasion) -> str | None:
    """The booking that this cancellation made room for, made after the cancelled one and by now known."""
    event = occasion.event

    def follows(each: str, new: KnownBooking) -> bool:
        if new.made_at is None or new.cancelled_at is not None or new.is_rebooking:
            return False
        older_than = event.time if each == name else old.made_at
        return (older_than is None or new.made_at > older_than) and abs(new.made_at - event.time) <= interval

    later = [each for each, new in found.items() if follows(each, new)] if interval else []
    return min(later, key=lambda each: (found[each].made_at or event.time, each), default=None)


def _settle(
    name: str, new: KnownBooking, before: str, old: KnownBooking, project: str, occasion: Occasion
) -> Iterator[Effect]:
    """The new booking was there first; what it held is said as a rebooking, unless it has been said already."""
    settled = replace(new, is_rebooking=True, until=None, event=None)
    yield Put(table=BOOKINGS, key=_row(project, name, occasion), value=settled)
    if new.event is None or not _waits(name, new, occasion):
        return
    if _answers_rebookings(project, occasion.known.settings):
        yield from drop_held(_thread(name), Reason.RESCHEDULED_BY_EVENT, occasion)
        yield _rebooked(new.event, before, old)
    else:
        yield from release_held(_thread(name), occasion)


def _bookings(project: str, occasion: Occasion) -> Generator[Effect, None, Found]:
    """The contact's bookings in the project, by name; those that are long over are forgotten."""
    place, now = _row(project, "", occasion), occasion.record.now
    found: Found = {}
    for row, known in occasion.tables.range(BOOKINGS, place, prefix_end(place), BOOKINGS_OF_ONE_PROJECT):
        if now - FORGOTTEN_AFTER > max(known.starts_at, known.until or known.starts_at):
            yield Delete(table=BOOKINGS, key=row)
        else:
            found[row.removeprefix(place)] = known
    return found


def _interval(project: str, settings: Settings) -> timedelta:
    """The longest interval that a rule of the project asks for; nothing where none does."""
    asked = [
        rule.rebooking_interval
        for rule in settings.rules
        if rule.rebooking_interval and rule.project in (None, project) and {MADE, CANCELLED} & set(rule.on)
    ]
    return max(asked, default=timedelta(0))


def _answers_rebookings(project: str, settings: Settings) -> bool:
    return any(REBOOKED in rule.on and rule.project in (None, project) for rule in settings.rules)


def _is_alive(known: KnownBooking, occasion: Occasion) -> bool:
    was_made = known.made_at is not None and known.cancelled_at is None
    return was_made and occasion.event.time - STILL_ALIVE <= known.starts_at


def _waits(name: str, known: KnownBooking, occasion: Occasion) -> bool:
    """Whether what rules say of it is still held; at the very end only if no timer came before."""
    now = occasion.record.now
    if known.until is None or now > known.until:
        return False
    return now < known.until or bool(held_plans(_thread(name), occasion))


def _rebooked(made: Mapping[str, object], before: str, old: KnownBooking) -> Forward:
    """The event that a rebooking is: the new booking, with what came before it."""
    new = event_from_mapping(made)
    previous = {"booking_id": before, "starts_at": rfc3339(old.starts_at)}
    event_id = emitted_id(
        tenant=new.tenant, source=new.source, event_id=new.id, subject=new.subject, event_type=REBOOKED
    )
    data = FreeRecord(values={**data_to_plain(new.data), "previous": previous})
    event = replace(new, id=event_id, source=SOURCE, type=REBOOKED, data=data)
    return Forward(topic=EVENTS.name, key=event.key, value=event)


def _silent(other: str) -> Turn:
    return Turn(silent_because=Reason.RESCHEDULED_BY_EVENT, facts={"rebooking": other})


def _start(occasion: Occasion) -> datetime:
    start = field_instant(occasion.cause.data, "starts_at", occasion.known.settings.timezone)
    return start or occasion.event.time


def _facts(interval: timedelta) -> dict[str, object]:
    return {"rebooking_interval": duration_to_text(interval)}


def _thread(name: str) -> str:
    return row_key("booking_id", name)


def _row(project: str, name: str, occasion: Occasion) -> str:
    return row_key(occasion.event.tenant, occasion.event.subject, project, name)
