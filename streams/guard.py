"""The guard: decodes one record, runs the stage's function on it and answers with what it does, or with a dead letter.

Pure but for reading the store. Whatever a record can cause ends in quarantine, and the work of its function so far is
dropped. It raises Fatal and SchemasUnavailable only, which no record is to blame for: they end the process.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter
from typing import assert_never

from aiokafka.structs import ConsumerRecord

from processors.effects import Delete, Effect, Fire, Forward, Function, Put, Record, Refuse
from processors.timers import due_ms_of, origin_of_timer
from schemas import codec, wire
from schemas.clock import from_millis
from schemas.codec import SchemasUnavailable
from schemas.decision import Decision
from schemas.faults import Fault, Refused, Unreadable
from schemas.origin import Origin, origin_of
from schemas.state import Alarm
from schemas.topics import BY_NAME, TICKS, Topic
from streams.clock_watch import ClockWatch
from streams.crash import Fatal
from streams.limits import TooLarge, fitting_output, require_fit
from streams.overlay import Copies, Overlay, Rows
from streams.quarantine import STAGE_HEADER, FailedTimer, fault_of, set_aside
from streams.stage import Stage
from streams.store import TABLES_LIMIT
from streams.tally import Tally
from streams.unit_of_work import Change, Output
from streams.writes import Writes

_AHEAD_BYTES = 100_000
"""Large records are few, and not held in memory several at a time."""

_instant = lru_cache(maxsize=1024)(from_millis)
"""Neighbours in a log often have the same time; then they share the instant, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    topic: Topic
    function: Function


class Guard:
    """Stands between the engine and one stage's functions; without a clock watch every tick is believed."""

    def __init__(self, stage: Stage, topic_prefix: str, copies: Copies, clock: ClockWatch | None = None) -> None:
        if len(stage.tables) > TABLES_LIMIT:
            raise ValueError(f"stage {stage.name} has {len(stage.tables)} tables; {TABLES_LIMIT} is the limit")
        self._stage = stage.name
        self._timers = stage.timers
        self._kept = stage.tables
        self._tally = Tally()
        self._sources = {
            topic_prefix + name: _Source(topic=BY_NAME[name], function=function)
            for name, function in stage.reads.items()
        }
        self._codes: Mapping[str, bytes] = {table.name: bytes([code]) for code, table in enumerate(stage.tables)}
        self._copies = copies
        self._clock = clock
        self._ahead: list[tuple[ConsumerRecord[bytes, bytes], Record]] = []
        """What is decoded and not yet applied, the next one last."""

    @property
    def stage(self) -> str:
        """The stage's name."""
        return self._stage

    @property
    def reads(self) -> Collection[str]:
        """The catalogue's names of the stage's sources."""
        return [source.topic.name for source in self._sources.values()]

    def take_tally(self) -> Tally:
        """What was done since this was asked last."""
        tally, self._tally = self._tally, Tally()
        return tally

    def read_ahead(self, sources: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        """Decode some of the records that will be applied next, in this order; what is bad is left to `apply`.

        Code that does one thing many times stays in the processor's caches: an event costs a fifth less than if each
        is decoded and performed in turn.
        """
        began_at = perf_counter()
        room_bytes = _AHEAD_BYTES
        read: list[tuple[ConsumerRecord[bytes, bytes], Record]] = []
        with suppress(Exception):
            for source in sources:
                room_bytes -= len(source.value or b"")
                if room_bytes < 0:
                    break
                read.append((source, _decoded(source, self._sources[source.topic].topic)))
        self._ahead = read[::-1]
        self._tally.decode_seconds += perf_counter() - began_at

    def apply(self, source: ConsumerRecord[bytes, bytes], stored: Rows, unit: Writes) -> Change:
        """What this record does, given the state and what the unit has done so far."""
        heard = self._sources[source.topic]
        topic = heard.topic
        began_at = perf_counter()
        try:
            is_read = bool(self._ahead) and self._ahead[-1][0] is source
            record = self._ahead.pop()[1] if is_read else _decoded(source, topic)
        except Unreadable as error:
            return self._set_aside(source, topic, origin_of(error), error.faults)
        except SchemasUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the dead letter keeps it with its stack
            return self._set_aside(source, topic, Origin(), (fault_of(error),), error)
        overlay = Overlay(self._codes, stored, unit, self._copies)
        if isinstance(record.value, Alarm):
            return self._put_back(record, record.value, overlay, source)
        if self._clock is not None and topic is TICKS and not self._clock.allows(record.now):
            return Change(Writes(), [])
        decoded_at = perf_counter()
        self._tally.decode_seconds += decoded_at - began_at
        try:
            change = self._perform(heard.function(record, overlay), overlay, source)
            self._tally.function_seconds += perf_counter() - decoded_at
            return change
        except (Fatal, SchemasUnavailable):
            raise
        except Refused as error:
            says_all = isinstance(error, _SetAside | TooLarge)
            return self._set_aside(source, topic, origin_of(record.value), error.faults, None if says_all else error)
        except Exception as error:  # noqa: BLE001 - the dead letter keeps it with its stack
            return self._set_aside(source, topic, origin_of(record.value), (fault_of(error),), error)

    def _perform(self, effects: Iterator[Effect], overlay: Overlay, source: ConsumerRecord[bytes, bytes]) -> Change:
        """Run the function that asks for these effects; each takes hold before it goes on."""
        done = _Done()
        for effect in effects:
            if isinstance(effect, Fire):
                self._fire(effect, overlay, source, done)
            else:
                _take(effect, overlay, source, done)
        require_fit(overlay.writes.size_bytes)
        for decision in done.decided:
            self._tally.decision(decision)
        if done.fired:
            self._tally.timers(done.fired)
        return Change(overlay.writes, done.outputs, tuple(done.faults))

    def _fire(self, fire: Fire, overlay: Overlay, source: ConsumerRecord[bytes, bytes], done: "_Done") -> None:
        """One timer with all that it wakes; whatever that raises sets aside this timer, and the tick goes on."""
        if overlay.is_full:
            return
        own = _Done()
        overlay.begin()
        try:
            overlay.delete(fire.table, fire.key)
            for effect in fire.effects:
                _take(effect, overlay, source, own)
            own.fired += [due] if (due := due_ms_of(fire.key)) is not None else []
            is_kept = overlay.keep()
        except (Fatal, SchemasUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 - the dead letter keeps it with its stack
            overlay.undo()
            alarm = overlay.get(fire.table, fire.key)
            assert isinstance(alarm, Alarm), f"timer {fire.key!r} was never set"
            timer = FailedTimer(number=len(done.faults) + 1, key=fire.key.encode(), value=codec.encode(alarm))
            origin = origin_of_timer(alarm, overlay, self._kept)
            own = _letter_alone(self._set_timer_aside(timer, origin, source, error))
            overlay.begin()
            overlay.delete(fire.table, fire.key)
            is_kept = overlay.keep()
        if is_kept:
            done.add(own)
            overlay.forwarded_bytes += sum(each.size_bytes for each in own.outputs if not own.faults)

    def _set_timer_aside(
        self, timer: FailedTimer, origin: Origin, source: ConsumerRecord[bytes, bytes], error: Exception
    ) -> Change:
        faults = error.faults if isinstance(error, Refused) else (fault_of(error),)
        stack_of = None if isinstance(error, _SetAside | TooLarge) else error
        topic = self._sources[source.topic].topic.name
        return set_aside(
            source, topic=topic, stage=self._stage, origin=origin, faults=faults, error=stack_of, timer=timer
        )

    def _put_back(self, record: Record, alarm: Alarm, overlay: Overlay, source: ConsumerRecord[bytes, bytes]) -> Change:
        """A timer that was set aside, published again: the stage that it is of fires it at its next tick."""
        if self._timers is None or dict(source.headers).get(STAGE_HEADER) != self._stage.encode():
            return Change(Writes(), [])
        if due_ms_of(record.key) is None:
            fault = Fault(path="key", reason=f"is no timer's: {record.key!r}")
            return self._set_aside(source, TICKS, Origin(), (fault,))
        overlay.put(self._timers, record.key, alarm)
        return Change(overlay.writes, [])

    def _set_aside(
        self,
        source: ConsumerRecord[bytes, bytes],
        topic: Topic,
        origin: Origin,
        faults: tuple[Fault, ...],
        error: Exception | None = None,
    ) -> Change:
        return set_aside(source, topic=topic.name, stage=self._stage, origin=origin, faults=faults, error=error)


class _Done:
    """What a record, or one timer that fires at it, does beside its writes."""

    __slots__ = ("decided", "faults", "fired", "outputs")

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self.decided: list[Decision] = []
        self.fired: list[int] = []
        self.faults: list[Fault] = []

    def add(self, other: "_Done") -> None:
        self.outputs += other.outputs
        self.decided += other.decided
        self.fired += other.fired
        self.faults += other.faults


def _letter_alone(change: Change) -> _Done:
    done = _Done()
    done.outputs += change.outputs
    done.faults += change.faults
    return done


def _take(effect: Effect, overlay: Overlay, source: ConsumerRecord[bytes, bytes], done: _Done) -> None:
    match effect:
        case Put():
            overlay.put(effect.table, effect.key, effect.value)
        case Forward():
            done.outputs.append(fitting_output(effect, source.timestamp))
            if isinstance(effect.value, Decision):
                done.decided.append(effect.value)
        case Delete():
            overlay.delete(effect.table, effect.key)
        case Refuse():
            raise _SetAside(*effect.faults)
        case Fire():
            raise TypeError(f"the timer {effect.key!r} fires within another")
        case _:
            assert_never(effect)


class _SetAside(Refused):
    """The record cannot be applied, and the faults say all there is to say: no stack is needed."""


def _decoded(source: ConsumerRecord[bytes, bytes], topic: Topic) -> Record:
    value = wire.decode(topic, source.key, source.value, source.headers)
    try:
        key = source.key.decode() if source.key else ""
    except UnicodeDecodeError:
        of, fault = origin_of(value), Fault(path="key", reason=f"is no UTF-8: {source.key!r}")
        raise Unreadable(fault, tenant=of.tenant, type=of.type, event_id=of.event_id) from None
    return Record(topic.name, key, value, _instant(source.timestamp))
