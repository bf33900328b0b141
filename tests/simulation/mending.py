"""Timers that fail: the operator who mends their bells and publishes them again, and the laws of what fails alone."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from schemas import codec, wire
from schemas.dead_letter import DeadLetter
from schemas.decision import Decision
from schemas.topics import DEAD_LETTERS, DECISIONS, EVENTS, PARTITIONS, TICKS, Topic
from tests.simulation.bells import LOOSE, RING, TIMERS, bell
from tests.simulation.broker import Broker, Row
from tests.simulation.group import Group
from tests.simulation.loop import now, rest
from tests.simulation.replay import rows_after_recovery

_decode = lru_cache(maxsize=1 << 14)(codec.decode)
"""The laws look at the same records again and again."""
PATIENCE_SECONDS = 20.0
"""How long the operator waits for the worker to hear of what was mended; in a storm it may be longer away."""


@dataclass(slots=True, kw_only=True, eq=False)
class Operator:
    """Who reads dead letters. A bell is mended before its timers are published again, each of them once."""

    broker: Broker
    ringers: Group
    published: set[str] = field(default_factory=set)

    async def mend(self) -> bool:
        """Deal with all timers that were set aside so far; whether any of them was published again."""
        letters = {letter.id: letter for letter in timers_aside(self.broker) if letter.id not in self.published}
        if not letters:
            return False
        for subject in sorted({(letter.partition, _subject_of(letter)) for letter in letters.values()}):
            self._say_mended(*subject)
        if not await self._is_heard({letter.partition for letter in letters.values()}):
            return False
        for letter in letters.values():
            again = Row(letter.key, letter.value, tuple(letter.headers.items()))
            self.broker.append(TICKS.name, letter.partition, [again])
        self.published |= letters.keys()
        return True

    def _say_mended(self, number: int, subject: str) -> None:
        event = bell(f"mended-{now()}", subject, "bell.mended")
        encoded = wire.encode(event)
        self.broker.append(EVENTS.name, number, [Row(event.key.encode(), encoded.value, encoded.headers)])

    async def _is_heard(self, numbers: set[int]) -> bool:
        ends = {number: self.broker.end(EVENTS.name, number) for number in numbers}
        deadline = now() + PATIENCE_SECONDS
        while any(self.ringers.committed(EVENTS.name, number) < end for number, end in ends.items()):
            if now() > deadline:
                return False
            await rest(0.2)
        return True


def timers_aside(broker: Broker) -> Iterator[DeadLetter]:
    """The dead letters of timers, as often as they were written."""
    for letter in _decoded(broker, DEAD_LETTERS):
        if isinstance(letter, DeadLetter) and letter.timer is not None:
            yield letter


def decisions(broker: Broker) -> Iterator[Decision]:
    """All decisions, as often as they were written."""
    for decision in _decoded(broker, DECISIONS):
        assert isinstance(decision, Decision)
        yield decision


def _decoded(broker: Broker, topic: Topic) -> Iterator[object]:
    return (
        _decode(record.value or b"")
        for number in range(PARTITIONS)
        for record in broker.history.get((topic.name, number), ())
    )


def timer_laws(broker: Broker, numbers: Sequence[int]) -> Iterator[str]:
    """No timer is left standing; one that fails is one dead letter, and rings once when it was published again."""
    for number in numbers:
        prefix = bytes([RING.tables.index(TIMERS)])
        standing = [key for key in rows_after_recovery(broker, RING, number) if key.startswith(prefix)]
        if standing:
            yield f"timers of partition {number} are left standing: {standing}"
    aside = Counter(_row_of(letter) for letter in {letter.id: letter for letter in timers_aside(broker)}.values())
    rung = Counter(_rung(broker))
    for row, letters in aside.items():
        if not row.endswith(LOOSE):
            yield f"timer {row} was set aside, and nothing was wrong with it"
        if letters != 1:
            yield f"timer {row} has {letters} dead letters"
        if rung[_event_of(row)] != 1:
            yield f"timer {row} was published again and rang {rung[_event_of(row)]} times"


def _rung(broker: Broker) -> Iterator[str]:
    """The event of each bell that was heard to ring."""
    heard = {(each.event_id, each.message_id) for each in decisions(broker) if " rang as " in (each.message_id or "")}
    return (event_id for event_id, _ in heard)


def _row_of(letter: DeadLetter) -> str:
    return (letter.key or b"").decode().partition("\0")[2]


def _subject_of(letter: DeadLetter) -> str:
    return _row_of(letter).partition("/")[0].partition("|")[2]


def _event_of(row: str) -> str:
    return row.removesuffix(LOOSE).partition("/")[2]
