"""Threads: what the later events of an appointment or cart do to its earlier ones, in whatever order they arrive.

An event older than the last one applied changes nothing; what ended stays ended unless it is opened anew later.
"""

from collections.abc import Mapping

from processors import kind as kinds
from processors.decide.tables import THREADS
from processors.effects import Effect, Put, Record, Tables, row_key
from processors.kinds import THREADS as RULES
from processors.occasion import Standing
from processors.schedule import withdraw_thread
from processors.settings import InForce
from schemas.envelope import Event
from schemas.reasons import Reason
from schemas.state import Thread


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
    before = tables.get(THREADS, row)
    stale = _stale(rule, event, before)
    if stale:
        return Standing(key=key, stale_because=stale), []
    after = _applied(rule, event, before, fields)
    ended = event.type in rule.ended_by
    effects: list[Effect] = [Put(THREADS, row, after)]
    waited = 0
    if before is not None:  # nothing was planned in a thread that nobody knew of
        reason = Reason.CANCELLED_BY_EVENT if ended else Reason.RESCHEDULED_BY_EVENT
        withdrawn, waited = withdraw_thread(event, key, reason, record, tables, known)
        effects += withdrawn
    return Standing(key=key, data=after.data, ended_plans=ended and waited > 0), effects


def _stale(rule: kinds.Thread, event: Event, before: Thread | None) -> str | None:
    if before is None or before.event_time is None:
        return None
    if event.type in rule.ended_by:
        begun_later = before.opened_at is not None and event.time < before.opened_at
        return Reason.RESCHEDULED_BY_EVENT if begun_later else None
    if before.ended and (event.type not in rule.opened_by or event.time <= before.event_time):
        return Reason.CANCELLED_BY_EVENT
    return Reason.RESCHEDULED_BY_EVENT if event.time < before.event_time else None


def _applied(rule: kinds.Thread, event: Event, before: Thread | None, fields: Mapping[str, object]) -> Thread:
    opens, moves = event.type in rule.opened_by, event.type in rule.moved_by
    begins = opens and (before is None or before.ended or not moves)
    kept: Mapping[str, object] = {} if before is None or begins else before.data
    last = before.event_time if before else None
    return Thread(
        event_time=event.time if last is None else max(last, event.time),
        opened_at=event.time if begins else before.opened_at if before else None,
        ended=event.type in rule.ended_by,
        data={**kept, **fields},
    )
