"""Digest windows: several events about one thing become one message, in the order of their times.

The window is a plan whose hour moves. Its message has the id that its first event gives, so what joins later can name
it. Windows run on the time at which events are read: events that come late together are still one message.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from processors.decide.tables import PLANS, TIMERS
from processors.decisions import decided, decided_on_plan
from processors.effects import Effect, Put, row_key
from processors.identity import message_id
from processors.kind import DigestWindow, Kind
from processors.occasion import Occasion
from processors.schedule import fire, plan_row
from processors.timers import arm, disarm
from schemas.clock import rfc3339
from schemas.reasons import Reason
from schemas.replacing import replace
from schemas.state import Plan
from schemas.values import duration_to_text
from schemas.words import Channel, Outcome

TEXTS_PER_WINDOW = 200
CHARACTERS_PER_WINDOW = 100_000
"""A window that holds so much closes at once: what waits is one row."""


def collect(kind: Kind, channel: Channel, window: DigestWindow, occasion: Occasion) -> Iterator[Effect]:
    """Put the event into its window, opening one if need be; close it when it is full or asked to."""
    record, tables = occasion.record, occasion.tables
    thread = row_key(window.by, str(occasion.data[window.by]))
    row = plan_row(kind, channel, thread, occasion.event)
    opened = tables.get(PLANS, row)
    if opened is not None:
        yield disarm(TIMERS, opened.due, row_key("plan", row))
        if opened.due < record.now:  # its hour came before this event, only its tick did not
            yield from fire(row, record, tables)
            opened = None
    joined = _joined(opened or _opened(kind, channel, occasion), kind, window, occasion)
    will_wait = joined.due > record.now
    yield Put(table=PLANS, key=row, value=replace(joined, decided=1) if will_wait else joined)
    if opened is not None:
        yield _coalesced(joined, kind, occasion)
    if not will_wait:
        yield from fire(row, record, tables)
        return
    yield arm(TIMERS, joined.due, row_key("plan", row))
    if opened is None:
        own = occasion.known.settings.kinds[kind.name]
        facts = {name: duration_to_text(getattr(own, name)) for name in (window.window, window.max_window)}
        yield decided_on_plan(joined, record, occasion.known, outcome=Outcome.SCHEDULED, facts=facts)


def _opened(kind: Kind, channel: Channel, occasion: Occasion) -> Plan:
    event, now = occasion.event, occasion.record.now
    return Plan(
        message_id=message_id(kind.name, channel, occasion.cause, event.tenant, event.subject),
        tenant=event.tenant,
        subject=event.subject,
        kind=kind.name,
        channel=channel,
        cause=occasion.cause,
        due=now,
        opened_at=now,
        variables={"messages": []},
    )


def _joined(opened: Plan, kind: Kind, window: DigestWindow, occasion: Occasion) -> Plan:
    """The window with the event in its place among the others, and with the hour at which it closes now."""
    entry = {
        "time": rfc3339(occasion.event.time),
        "author": occasion.event.actor.name,
        "text": str(occasion.data[window.joins]),
    }
    entries = sorted([*_entries(opened), entry], key=lambda each: datetime.fromisoformat(str(each["time"])))
    text = "\n".join(str(each["text"]) for each in entries)
    newest = {**opened.variables, **occasion.data} if entries[-1] is entry else {**occasion.data, **opened.variables}
    full = len(entries) >= TEXTS_PER_WINDOW or len(text) >= CHARACTERS_PER_WINDOW
    at_once = full or occasion.data.get(window.closed_by) is True
    return replace(
        opened,
        due=occasion.record.now if at_once else _closing(opened, kind, window, occasion),
        variables={**newest, window.joins: text, "messages": entries},
    )


def _closing(opened: Plan, kind: Kind, window: DigestWindow, occasion: Occasion) -> datetime:
    own, now = occasion.known.settings.kinds[kind.name], occasion.record.now
    sliding: timedelta = getattr(own, window.window)
    longest: timedelta = getattr(own, window.max_window)
    return min(now + sliding, (opened.opened_at or now) + longest)


def _entries(opened: Plan) -> list[Mapping[str, object]]:
    entries = opened.variables["messages"]
    if not isinstance(entries, list):
        raise TypeError(f"the window of message {opened.message_id} holds a {type(entries).__name__}, not a list")
    return entries


def _coalesced(joined: Plan, kind: Kind, occasion: Occasion) -> Effect:
    return decided(
        occasion.event,
        occasion.record,
        occasion.known,
        outcome=Outcome.COALESCED,
        reason=Reason.COALESCED_INTO.of(joined.message_id),
        kind=kind.name,
        channel=joined.channel,
        facts={"first_event": joined.cause.event_id, "window_opened_at": rfc3339(joined.opened_at or joined.due)},
        due=joined.due,
    )
