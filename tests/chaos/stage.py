"""The stage under chaos: joins settings, takes each event once, answers it, and again when two timers are due.

It notes in its state which record it performed last of each source partition. So it notices when the engine shows it a
record whose effects are already part of the state, and says `replayed`.
"""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum

from aiokafka.structs import ConsumerRecord

from processors.effects import Effect, Forward, Put, Record, Refuse, Table, Tables
from processors.timers import arm, fire_due
from schemas.clock import from_millis, to_millis
from schemas.envelope import Event
from schemas.events import FreeRecord
from schemas.faults import Fault
from schemas.state import Alarm, TenantSettings
from schemas.topics import AUDIENCE, EVENTS, SETTINGS, TICKS
from streams.guard import Guard
from streams.overlay import Rows
from streams.stage import Stage
from streams.unit_of_work import Change
from streams.writes import Writes

FIRST = Table(name="first", holds=Alarm)
"""Event id → where the event was taken. The first table, so that its rows have the prefix 0."""
ALARMS = Table(name="alarms", holds=Alarm)
PERFORMED = Table(name="performed", holds=Alarm)
"""Source partition → the last offset performed."""
LEADS = (timedelta(seconds=1), timedelta(seconds=4))
ACTIVE = "active"
"""The one setting of a tenant that is joined."""


class Dedup(StrEnum):
    """How a stage tells an event that was published twice; also the stage's name."""

    NAIVE = "naive"
    """Its id is known: a unit of work that is torn or lost would show as a loss."""
    AWARE = "aware"
    """Its id is known from another record: a record performed twice would show as a repetition."""


class Word(StrEnum):
    """What an answer says; its id is the word, the stage and the event's id."""

    HEARD = "heard"
    RANG = "rang"
    UNJOINED = "unjoined"
    """The tenant's settings were not there, although they were before the first event."""
    REPLAYED = "replayed"
    """A record was performed a second time by a state that contains its effects."""


class Poison(StrEnum):
    """What is wrong with an event; its id begins with the word."""

    RAISE = "raise"
    REFUSE = "refuse"
    JUNK = "junk"


class Watch(Guard):
    """A guard that tells the stage which record it is: functions of the product know no offsets."""

    current: ConsumerRecord[bytes, bytes]

    def apply(self, source: ConsumerRecord[bytes, bytes], stored: Rows, unit: Writes) -> Change:
        Watch.current = source
        return super().apply(source, stored, unit)


def chaos_stage(dedup: Dedup) -> Stage:
    """The stage with one of the two forms of dedup."""

    def on_event(record: Record, tables: Tables) -> Iterator[Effect]:
        yield from _performed(dedup, record, tables)
        yield from _take(dedup, record, tables)

    def on_tick(record: Record, tables: Tables) -> Iterator[Effect]:
        yield from _performed(dedup, record, tables)
        yield from fire_due(ALARMS, tables, record.now, wake)

    def wake(row: str) -> Iterator[Effect]:
        # Nothing here comes from the tick: a tick after a crash must say the same.
        tenant, subject, due, told = row.split("|", 3)
        yield _answer(Word.RANG, f"{dedup} {told}", tenant, subject, int(due))

    return Stage(
        name=dedup.value,
        reads={EVENTS.name: on_event, TICKS.name: on_tick},
        tables=(FIRST, ALARMS, PERFORMED),
        shared=(SETTINGS.name,),
    )


def alarms_of(event_id: str) -> tuple[str, ...]:
    """What is told of an event when its timers ring."""
    return tuple(f"{event_id}/{number}" for number in range(len(LEADS)))


def _performed(dedup: Dedup, record: Record, tables: Tables) -> Iterator[Effect]:
    source = Watch.current
    place = f"{record.topic}/{source.partition}"
    last = tables.get(PERFORMED, place)
    if last is not None and int(last.row) >= source.offset:
        yield _answer(Word.REPLAYED, f"{dedup} {place}/{source.offset}", "t0", "c0", source.timestamp)
    yield Put(table=PERFORMED, key=place, value=Alarm(row=str(source.offset)))


def _take(dedup: Dedup, record: Record, tables: Tables) -> Iterator[Effect]:
    event, source = record.value, Watch.current
    assert isinstance(event, Event)
    told = f"{dedup} {event.id}"
    settings = tables.shared(SETTINGS.name, event.tenant)
    if not isinstance(settings, TenantSettings):
        yield _answer(Word.UNJOINED, told, event.tenant, event.subject, source.timestamp)
        return
    here = f"{source.partition}/{source.offset}"
    first = tables.get(FIRST, event.id)
    if not settings.document[ACTIVE] or _is_repeated(dedup, first, here):
        return
    yield Put(table=FIRST, key=event.id, value=Alarm(row=here))
    for lead, alarm in zip(LEADS, alarms_of(event.id), strict=True):
        due = record.now + lead
        yield arm(ALARMS, due, f"{event.tenant}|{event.subject}|{to_millis(due)}|{alarm}")
    yield _answer(Word.HEARD, told, event.tenant, event.subject, source.timestamp)
    yield from _poisoned(event)


def _is_repeated(dedup: Dedup, first: Alarm | None, here: str) -> bool:
    return first is not None and (dedup is Dedup.NAIVE or first.row != here)


def _poisoned(event: Event) -> Iterator[Effect]:
    """What was done for the event so far has to be undone."""
    if event.id.startswith(Poison.RAISE):
        raise LookupError(f"nothing is known of {event.id}")
    if event.id.startswith(Poison.REFUSE):
        yield Refuse(faults=(Fault(path="id", reason=f"{event.id} is refused"),))


def _answer(word: Word, told: str, tenant: str, subject: str, at_ms: int) -> Forward:
    event = Event(
        id=f"{word} {told}",
        type="chaos.answered",
        tenant=tenant,
        subject=subject,
        time=from_millis(at_ms),
        data=FreeRecord(values={}),
    )
    return Forward(topic=AUDIENCE.name, key=event.key, value=event)
