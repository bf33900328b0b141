"""Runner two of two: performs the topology in memory, on a clock that only its caller moves.

Everything is done before a call returns. The order in which things happen does not depend on the number of partitions:
one queue carries all records, and what the timers of one instant ask for is put into an order of its own.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zlib import crc32

from processors.effects import Forward, Function, Record, Table
from processors.timers import first_after, place_of
from schemas import codec, wire
from schemas.clock import from_millis, to_millis
from schemas.dead_letter import DeadLetter
from schemas.envelope import Event
from schemas.origin import Origin, origin_of
from schemas.tick import Tick
from schemas.topics import BY_NAME, DEAD_LETTERS, EVENTS, PARTITIONS, TICKS
from streams.quarantine import FailedTimer, timer_letter
from streams.stage import Stage
from tidings.memory.partition import SetAside, StagePartition
from tidings.memory.timer_rows import NO_KEY, Calendar

_TICK = Tick(ticker="virtual clock")


class TimerLeftStanding(RuntimeError):
    """A stage was given a tick and left a due timer where it was: the clock could never go on."""


@dataclass(slots=True, kw_only=True)
class _Topic:
    """Who gets the records of a topic, and how many there were in each partition that a stage reads."""

    offsets: list[int]
    listeners: list[Callable[[Record], object]] = field(default_factory=list)
    readers: list[tuple[tuple[StagePartition, ...], Function]] = field(default_factory=list)
    joined: dict[str, object] | None = None
    """The newest record of each key, where some stage joins them in full."""


class MemoryRunner:
    """Performs stages over decoded records; with `through_codec` every record and row goes through its bytes."""

    def __init__(self, stages: Iterable[Stage], *, partitions: int = PARTITIONS, through_codec: bool = False) -> None:
        self.partitions = partitions
        self.through_codec = through_codec
        self._queue: deque[tuple[Forward, datetime]] = deque()
        self._shared: dict[str, dict[str, object]] = {}
        self._watched: dict[str, list[Record]] = {}
        self._topics = {name: _Topic(offsets=[0] * partitions) for name in BY_NAME}
        self._states: dict[str, tuple[StagePartition, ...]] = {}
        self._tickers: list[tuple[tuple[StagePartition, ...], Function]] = []
        """Stages that are told the time and keep no timers; every tick is for them."""
        self._wakers: list[tuple[Calendar, tuple[StagePartition, ...], Function]] = []
        """Stages with timers."""
        for stage in stages:
            self._add(stage)

    def watch(self, topic: str) -> list[Record]:
        """A list that receives every record of this topic from now on."""
        if topic not in self._watched:
            self._watched[topic] = []
            self.listen(topic, self._watched[topic].append)
        return self._watched[topic]

    def listen(self, topic: str, take: Callable[[Record], object]) -> None:
        """Call `take` with every record of this topic from now on; nothing is kept."""
        self._topics[topic].listeners.append(take)

    def open_timers(self) -> int:
        """How many timers stand, in all stages."""
        return sum(state.open_timers() for states in self._states.values() for state in states)

    def rows(self, stage: str, table: Table[Any]) -> dict[str, object]:
        """All rows of one table, of all partitions."""
        return {key: row for state in self._states[stage] for key, row in state.rows(table.name).items()}

    def shared(self, topic: str) -> Mapping[str, object]:
        """The newest record of each key of a compacted topic that some stage joins."""
        return self._shared[topic]

    def send(self, topic: str, key: str, value: object, now: datetime) -> None:
        """Append one record and let everything that follows from it happen."""
        self._queue.append((Forward(topic, key, value), now))
        self._run()

    def publish(self, event: Event, now: datetime) -> None:
        """Append one event and let everything that follows from it happen."""
        self.send(EVENTS.name, event.key, event, now)

    def set_aside(self, letter: DeadLetter) -> None:
        """Append a dead letter: an input that could not be read before it became a record."""
        self.send(DEAD_LETTERS.name, letter.id, letter, letter.at)

    def next_due(self) -> datetime | None:
        """When the first timer of any stage is due."""
        first = min([calendar.first() for calendar, _, _ in self._wakers], default=NO_KEY)
        return None if first == NO_KEY else from_millis(int(first.partition("\0")[0]))

    def tick(self, now: datetime) -> int:
        """Fire what is due at `now`, in all stages and partitions, with all that follows from it at this instant.

        Answers how many ticks of each partition a runner needs that gives one tick to all stages at once.
        """
        end = first_after(now)
        for states, function in self._tickers:
            self._fire(enumerate(states), function, now, end)
        ticks, fired = 0, True
        while fired:
            fired = False
            for calendar, states, function in self._wakers:
                if calendar.first() < end:
                    due = [(number, state) for number, state in enumerate(states) if state.timers.first() < end]
                    ticks += self._fire(due, function, now, end)
                    fired = True
        return ticks

    def _add(self, stage: Stage) -> None:
        for topic in stage.shared:
            self._topics[topic].joined = self._shared.setdefault(topic, {})
        calendar = Calendar()
        states = tuple(
            StagePartition(stage, self._shared, calendar=calendar, through_codec=self.through_codec)
            for _ in range(self.partitions)
        )
        self._states[stage.name] = states
        for topic, function in stage.reads.items():
            if topic == TICKS.name:
                if stage.timers is None:
                    self._tickers.append((states, function))
                else:
                    self._wakers.append((calendar, states, function))
            else:
                self._topics[topic].readers.append((states, function))

    def _fire(self, states: Iterable[tuple[int, StagePartition]], function: Function, now: datetime, end: str) -> int:
        """One stage's timers, until none before the key `end` is left; then what they asked for, oldest first.

        Answers how many ticks the partition with most to do was given.
        """
        record = Record(TICKS.name, "", _TICK, now)
        forwards: list[tuple[str, Forward]] = []
        most = 0
        for partition, state in states:
            given = 0
            while True:
                given += 1
                most = max(most, given)
                before = state.timers.first()
                asked = self._work(state, function, record, partition)
                forwards += zip(state.asked_by + [""] * (len(asked) - len(state.asked_by)), asked, strict=True)
                after = state.timers.first()
                if after >= end:
                    break
                if after == before:
                    raise TimerLeftStanding(f"stage {state.stage.name} left the timer {after!r} standing at {now}")
        if len(forwards) > 1:
            forwards.sort(key=_instant_order)
        self._queue.extend((forward, now) for _timer, forward in forwards)
        self._run()
        return most

    def _run(self) -> None:
        queue, topics = self._queue, self._topics
        while queue:
            forward, now = queue.popleft()
            name, key, value = forward.topic, forward.key, forward.value
            topic = topics.get(name)
            if topic is None:
                raise KeyError(f"a record was forwarded to the topic {name!r}, which does not exist")
            if self.through_codec:
                value = self._through_wire(forward)
            record = Record(name, key, value, now)
            for take in topic.listeners:
                take(record)
            if topic.joined is not None:
                topic.joined[key] = value
            if topic.readers:
                partition = crc32(key.encode()) % self.partitions
                for states, function in topic.readers:
                    for wanted in self._work(states[partition], function, record, partition):
                        queue.append((wanted, now))
                topic.offsets[partition] += 1

    def _work(self, state: StagePartition, function: Function, record: Record, partition: int) -> list[Forward]:
        try:
            forwards = state.work(function, record)
        except SetAside as aside:
            return [_forwarded(self._letter(aside, state.stage.name, record, partition))]
        for timer in state.timers_aside:
            tick = self._letter(timer.why, state.stage.name, record, partition, timer.origin)
            value = codec.encode(timer.alarm)
            forwards.append(
                _forwarded(timer_letter(tick, FailedTimer(number=timer.number, key=timer.key.encode(), value=value)))
            )
        return forwards

    def _letter(
        self, aside: SetAside, stage: str, record: Record, partition: int, timer_of: Origin | None = None
    ) -> DeadLetter:
        origin = timer_of or origin_of(record.value)
        encoded = wire.encode(record.value)
        return DeadLetter(
            topic=record.topic,
            partition=partition,
            offset=self._topics[record.topic].offsets[partition],
            stage=stage,
            at=record.now,
            faults=aside.faults,
            key=record.key.encode(),
            value=encoded.value,
            headers=dict(encoded.headers),
            tenant=origin.tenant,
            type=origin.type,
            event_id=origin.event_id,
            stack=aside.stack,
        )

    def _through_wire(self, forward: Forward) -> object:
        encoded = wire.encode(forward.value)
        return wire.decode(BY_NAME[forward.topic], forward.key.encode(), encoded.value, encoded.headers)


def _forwarded(letter: DeadLetter) -> Forward:
    return Forward(topic=DEAD_LETTERS.name, key=letter.id, value=letter)


def _instant_order(asked: tuple[str, Forward]) -> tuple[tuple[str, str], int, str, str]:
    """In the order of timers, oldest first, then by key and message: an order that partitions have no part in.

    What has no message id, such as an event, keeps the order in which its one partition asked for it.
    """
    timer, forward = asked
    value: Any = forward.value
    due = to_millis(value.due) if getattr(value, "due", None) is not None else 0
    return place_of(timer), due, forward.key, getattr(value, "message_id", None) or ""
