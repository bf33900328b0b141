"""Threads: what the events of an appointment or cart do to each other, in whatever order they arrive (decision 0006).

What holds is what holds had they come in the order of their times: of each field the newest word counts, what ended
stays ended until it is opened anew, and what begins anew forgets what was before.
"""

from collections.abc import Mapping
from datetime import datetime

from processors import kind as kinds
from processors.decide.hindsight import learn
from processors.decide.tables import THREADS
from processors.effects import Effect, Put, Record, Tables, row_key
from processors.kinds import THREADS as RULES
from processors.occasion import Standing
from processors.schedule import withdraw_thread
from processors.settings import InForce
from schemas.envelope import Event
from schemas.reasons import Reason
from schemas.state import Thread

_NEW = Thread()


def stand(
    event: Event, fields: Mapping[str, object], record: Record, tables: Tables, known: InForce
) -> tuple[Standing | None, list[Effect]]:
    """Apply the event to its thread, withdrawing what it makes wrong; no standing where it belongs to none.

    `fields` are those of the event.
    """
    rule = RULES.get(event.type)
    if rule is None or rule.field not in fields:  # a free map of a type that upstream systems may publish themselves
        return None, []
    key = row_key(rule.of or rule.field, str(fields[rule.field]))
    row = row_key(event.tenant, event.subject, key)
    before = tables.get(THREADS, row) or _NEW
    after = heard(rule, event, fields, before)
    effects: list[Effect] = [] if after == before else [Put(THREADS, row, after)]
    stale = _stale(rule, event, before, after)
    if stale:
        effects += learn(event, key, before, after, record, tables, known)
        return Standing(key=key, stale_because=stale), effects
    ended = event.type in rule.ended_by
    waited = 0
    if before is not _NEW:  # nothing was planned in a thread that nobody knew of
        reason = Reason.CANCELLED_BY_EVENT if ended else Reason.RESCHEDULED_BY_EVENT
        withdrawn, waited = withdraw_thread(event, key, reason, record, tables, known)
        effects += withdrawn
    return Standing(key=key, data=after.data, ended_plans=ended and waited > 0), effects


def heard(rule: kinds.Thread, event: Event, fields: Mapping[str, object], before: Thread) -> Thread:
    """What is known once this event is heard, too; the same in whatever order events are heard."""
    last = _newer(before.event_time, event.time)
    opened_at = _newer(before.opened_at, event.time) if event.type in rule.opened_by else before.opened_at
    ended_at = before.ended_at or (before.event_time if before.ended else None)
    if event.type in rule.ended_by:
        ended_at = _newer(ended_at, event.time)
    ended = ended_at is not None and (opened_at is None or opened_at <= ended_at)
    data: dict[str, object] = {}
    earlier: dict[str, datetime] = {}
    for name, at in _told(before, fields, event.time).items():
        if ended or _counts(rule, at, opened_at, ended_at):
            data[name] = fields[name] if at == event.time and name in fields else before.data[name]
            if at != last:
                earlier[name] = at
    return Thread(event_time=last, opened_at=opened_at, ended=ended, data=data, ended_at=ended_at, earlier=earlier)


def _told(before: Thread, fields: Mapping[str, object], now: datetime) -> dict[str, datetime]:
    """When each field was last told; of two words of one instant the one that is read later counts."""
    told = {name: before.earlier.get(name, before.event_time or now) for name in before.data}
    return {**told, **{name: now for name in fields if name not in told or told[name] <= now}}


def _counts(rule: kinds.Thread, at: datetime, opened_at: datetime | None, ended_at: datetime | None) -> bool:
    """Whether what was told at an instant is of what goes on now, and not of what was before it began anew."""
    if set(rule.opened_by) & set(rule.moved_by):
        return ended_at is None or at > ended_at
    return opened_at is None or at >= opened_at


def _newer(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _stale(rule: kinds.Thread, event: Event, before: Thread, after: Thread) -> str | None:
    """Why the event changes nothing that is planned, if it does not."""
    if event.type in rule.ended_by:
        return None if after.ended else Reason.RESCHEDULED_BY_EVENT
    if after.ended:
        return Reason.CANCELLED_BY_EVENT
    is_late = before.event_time is not None and event.time < before.event_time
    return Reason.RESCHEDULED_BY_EVENT if is_late and not before.ended else None
