"""The guard: decodes one record, runs the stage's function on it and answers with what it does, or with a dead letter.

Pure but for reading the store. Whatever a record can cause ends in quarantine, and the work of its function so far is
dropped. It raises Fatal and SchemasUnavailable only, which no record is to blame for: they end the process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import assert_never

from aiokafka.structs import ConsumerRecord

from processors.effects import Delete, Forward, Function, Put, Record, Refuse
from processors.timers import due_ms_of
from schemas import wire
from schemas.clock import from_millis, to_millis
from schemas.codec import SchemasUnavailable
from schemas.decision import Decision
from schemas.faults import Fault, Refused, Unreadable
from schemas.topics import BY_NAME, TICKS, Topic
from streams.clock_watch import ClockWatch
from streams.crash import Fatal
from streams.limits import TooLarge, fitting_output, require_fit
from streams.overlay import Copies, Overlay, Rows
from streams.quarantine import Origin, fault_of, origin_of, set_aside
from streams.stage import Stage
from streams.store import TABLES_LIMIT
from streams.tally import Tally
from streams.unit_of_work import Change, Output
from streams.writes import Writes


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
        self._tally = Tally()
        self._sources = {
            topic_prefix + name: _Source(topic=BY_NAME[name], function=function)
            for name, function in stage.reads.items()
        }
        self._codes: Mapping[str, bytes] = {table.name: bytes([code]) for code, table in enumerate(stage.tables)}
        self._copies = copies
        self._clock = clock

    @property
    def stage(self) -> str:
        """The stage's name."""
        return self._stage

    def take_tally(self) -> Tally:
        """What was done since this was asked last."""
        tally, self._tally = self._tally, Tally()
        return tally

    def apply(self, source: ConsumerRecord[bytes, bytes], stored: Rows, unit: Writes) -> Change:
        """What this record does, given the state and what the unit has done so far."""
        topic = self._sources[source.topic].topic
        began_at = perf_counter()
        try:
            record = _decoded(source, topic)
        except Unreadable as error:
            return self._set_aside(source, topic, origin_of(error), error.faults)
        except SchemasUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the dead letter keeps it with its stack
            return self._set_aside(source, topic, Origin(), (fault_of(error),), error)
        if self._clock is not None and topic is TICKS and not self._clock.allows(record.now):
            return Change(Writes(), [])
        decoded_at = perf_counter()
        self._tally.decode_seconds += decoded_at - began_at
        overlay = Overlay(self._codes, stored, unit, self._copies)
        try:
            outputs = self._perform(record, overlay, source)
            self._tally.function_seconds += perf_counter() - decoded_at
            return Change(overlay.writes, outputs)
        except (Fatal, SchemasUnavailable):
            raise
        except Refused as error:
            says_all = isinstance(error, _SetAside | TooLarge)
            return self._set_aside(source, topic, origin_of(record.value), error.faults, None if says_all else error)
        except Exception as error:  # noqa: BLE001 - the dead letter keeps it with its stack
            return self._set_aside(source, topic, origin_of(record.value), (fault_of(error),), error)

    def _perform(self, record: Record, overlay: Overlay, source: ConsumerRecord[bytes, bytes]) -> list[Output]:
        """Run the function; each effect takes hold before it goes on."""
        outputs: list[Output] = []
        decided: list[Decision] = []
        removed: list[str] = []
        for effect in self._sources[source.topic].function(record, overlay):
            match effect:
                case Put():
                    overlay.put(effect.table, effect.key, effect.value)
                case Forward():
                    outputs.append(fitting_output(effect, source.timestamp))
                    if isinstance(effect.value, Decision):
                        decided.append(effect.value)
                case Delete():
                    overlay.delete(effect.table, effect.key)
                    if effect.table is self._timers:
                        removed.append(effect.key)
                case Refuse():
                    raise _SetAside(*effect.faults)
                case _:
                    assert_never(effect)
        require_fit(overlay.writes)
        if decided or removed:
            self._count(record, decided, removed)
        return outputs

    def _count(self, record: Record, decided: Sequence[Decision], removed: Sequence[str]) -> None:
        """A tick removes a timer by letting it fire; an event, by taking it back."""
        for decision in decided:
            self._tally.decision(decision)
        if record.topic == TICKS.name:
            due_ms = [due for key in removed if (due := due_ms_of(key)) is not None and due <= to_millis(record.now)]
            self._tally.timers(due_ms)

    def _set_aside(
        self,
        source: ConsumerRecord[bytes, bytes],
        topic: Topic,
        origin: Origin,
        faults: tuple[Fault, ...],
        error: Exception | None = None,
    ) -> Change:
        return set_aside(source, topic=topic.name, stage=self._stage, origin=origin, faults=faults, error=error)


class _SetAside(Refused):
    """The record cannot be applied, and the faults say all there is to say: no stack is needed."""


def _decoded(source: ConsumerRecord[bytes, bytes], topic: Topic) -> Record:
    value = wire.decode(topic, source.key, source.value, source.headers)
    try:
        key = source.key.decode() if source.key else ""
    except UnicodeDecodeError:
        raise Unreadable(Fault(path="key", reason=f"is no UTF-8: {source.key!r}")) from None
    return Record(topic=topic.name, key=key, value=value, now=from_millis(source.timestamp))
