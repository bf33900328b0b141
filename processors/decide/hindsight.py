"""Hindsight: an event that comes after a later one of its thread moves nothing, but completes what is known.

An appointment whose move overtook it gets its title, its place and its zone as if both had come in order.
"""

from collections.abc import Iterator

from processors.decide.planning import hours_of, useful_until
from processors.decide.tables import PLANS, TIMERS
from processors.decisions import decided_on_plan
from processors.effects import Effect, Put, Record, Tables, prefix_end, row_key
from processors.kind import AtOnce, DigestWindow, Kind
from processors.occasion import Occasion, Standing
from processors.schedule import PLANS_OF_ONE_CONTACT
from processors.settings import InForce
from processors.timers import arm, disarm
from processors.timing import Hour
from schemas.envelope import Event
from schemas.replacing import replace, replace_struct
from schemas.state import Plan, Thread
from schemas.words import Outcome


def learn(
    event: Event, key: str, before: Thread, after: Thread, record: Record, tables: Tables, known: InForce
) -> Iterator[Effect]:
    """Let what waits in thread `key` because of later events know what this one told, and none of them did."""
    told = {name: value for name, value in after.data.items() if before.data.get(name, after) != value}
    forgotten = before.data.keys() - after.data.keys()
    if after.ended or not (told or forgotten):
        return
    waiting = row_key(event.tenant, event.subject, key, "")
    for row, planned in tables.range(PLANS, waiting, prefix_end(waiting), PLANS_OF_ONE_CONTACT):
        kind = known.kind(planned.kind)
        if planned.address_key is None and planned.cause.time >= event.time and kind is not None:
            kept = {name: value for name, value in planned.variables.items() if name not in forgotten}
            then = Occasion(  # the one on which it was planned, had this been known
                event=replace(event, time=planned.cause.time),
                cause=planned.cause,
                record=record,
                tables=tables,
                known=known,
                standing=Standing(key=key, data={**kept, **told}),
            )
            yield from _complete(row, planned, kind, then)


def _complete(row: str, planned: Plan, kind: Kind, occasion: Occasion) -> Iterator[Effect]:
    """The plan with all that is known now; it moves if its hour was counted in another zone."""
    complete = replace_struct(planned, variables=occasion.data)
    known_then = replace(occasion, standing=Standing(key=occasion.thread, data=planned.variables))
    hour = _hour(planned, kind, occasion)
    if hour is None or hour == _hour(planned, kind, known_then):
        yield Put(PLANS, row, complete)
        return
    timer = row_key("plan", row)
    moved = replace_struct(
        complete,
        due=hour.due,
        useful_until=hour.useful_until or useful_until(kind, occasion),
        decided=planned.decided + 1,
    )
    yield disarm(TIMERS, planned.due, timer)
    yield Put(PLANS, row, moved)
    yield arm(TIMERS, moved.due, timer)
    number = moved.decided
    yield decided_on_plan(
        moved, occasion.record, occasion.known, outcome=Outcome.SCHEDULED, facts=hour.facts, number=number
    )


def _hour(planned: Plan, kind: Kind, occasion: Occasion) -> Hour | None:
    """When the plan is due by what the occasion tells; None for what waits for no hour of the event's."""
    timing = kind.channels.get(planned.channel)
    if timing is None or isinstance(timing, AtOnce | DigestWindow):
        return None
    found = [hour for hour in hours_of(kind, timing, occasion) if hour.occurrence == planned.occurrence]
    return found[0] if found else None
