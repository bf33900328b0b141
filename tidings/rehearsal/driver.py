"""Runs a scenario in memory: items in file order, each at its time, timers in between (contract section 10)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from processors.effects import Record
from schemas.clock import from_millis, to_millis
from schemas.dead_letter import DeadLetter
from schemas.faults import Fault, Refused
from schemas.json_text import json_to_text
from schemas.topics import CONSENTS, DEAD_LETTERS, EVENTS, TICKS
from schemas.wire import event_from_mapping
from streams.stage import Stage
from tidings.memory import MemoryRunner
from tidings.rehearsal.outcome import COLLECTED, Outcome, outcome_of
from tidings.rehearsal.scenario import Item, Scenario
from tidings.rehearsal.state_before import BEFORE, preparations, under


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that was put in, at one instant: a record of the state, an item of the file, or so many ticks.

    `item` is what the file has, valid or not; `value` is what it was read as, None when it is broken.
    """

    now: datetime
    topic: str
    key: str = ""
    value: object = None
    item: Item | None = None
    ticks: int = 0


@dataclass(slots=True, kw_only=True)
class MemoryRun:
    """One run of one scenario; `steps` is all that was put in, in order, for another engine to repeat."""

    scenario: Scenario
    runner: MemoryRunner
    steps: list[Step] = field(default_factory=list)
    clock: datetime = field(init=False)
    _seen: Mapping[str, list[Record]] = field(init=False)
    _subjects: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = _whole(self.scenario.start)
        self._seen = {topic: self.runner.watch(topic) for topic in (*COLLECTED, CONSENTS.name, DEAD_LETTERS.name)}

    def run(self) -> Outcome:
        """What the scenario comes to; raises Refused when the state before the start is not valid."""
        self._prepare()
        for number, item in enumerate(self.scenario.items):
            arrival = self.clock if item.time is None else max(self.clock, _whole(item.time))
            if arrival > self.scenario.until:
                break
            self._advance(arrival)
            self._arrive(item, number)
        self._advance(_whole(self.scenario.until))
        self._fire_at(self.clock)
        return outcome_of({topic: [record.value for record in records] for topic, records in self._seen.items()})

    def _prepare(self) -> None:
        now = self.clock - BEFORE
        letters = self._seen[DEAD_LETTERS.name]
        for piece in preparations(self.scenario):
            self.steps.append(Step(now=now, topic=piece.topic, key=piece.key, value=piece.value))
            self.runner.send(piece.topic, piece.key, piece.value, now)
            if letters:
                refused = [letter.value.faults for letter in letters if isinstance(letter.value, DeadLetter)]
                raise Refused(*(fault for faults in refused for fault in under(piece.path, faults)))
        for topic in (*COLLECTED, DEAD_LETTERS.name):
            self._seen[topic].clear()

    def _advance(self, to: datetime) -> None:
        """Move the clock, firing what is due before; what is due at that very instant waits for the events of it."""
        while (due := self.runner.next_due()) is not None and max(due, self.clock) < to:
            self.clock = max(due, self.clock)
            self._fire_at(self.clock)
        self.clock = to

    def _fire_at(self, now: datetime) -> None:
        if (due := self.runner.next_due()) is not None and due <= now:
            ticks = self.runner.tick(now)
            self.steps.append(Step(now=now, topic=TICKS.name, ticks=ticks))

    def _arrive(self, item: Item, number: int) -> None:
        try:
            event = event_from_mapping(item.document)
        except Refused as refused:
            self.steps.append(Step(now=self.clock, topic=EVENTS.name, item=item))
            self.runner.set_aside(_letter(item, number, refused, self.clock))
            return
        first = self._subjects.setdefault((event.tenant, event.source, event.id), event.subject)
        if first != event.subject:  # stages would know of it only where both subjects are on one partition
            taken = Refused(Fault(path="id", reason=f"{event.id!r} was used before, for subject {first!r}"))
            self.runner.set_aside(_letter(item, number, taken, self.clock))
            return
        self.steps.append(Step(now=self.clock, topic=EVENTS.name, key=event.key, value=event, item=item))
        self.runner.publish(event, self.clock)


def run_in_memory(
    scenario: Scenario, stages: tuple[Stage, ...], *, partitions: int, through_codec: bool = False
) -> MemoryRun:
    """A run, made ready; `.run()` gives its outcome."""
    return MemoryRun(scenario=scenario, runner=MemoryRunner(stages, partitions=partitions, through_codec=through_codec))


def _letter(item: Item, number: int, refused: Refused, now: datetime) -> DeadLetter:
    return DeadLetter(
        topic=EVENTS.name,
        partition=0,
        offset=number,
        stage="rehearsal",
        at=now,
        faults=refused.faults,
        value=json_to_text(item.document).encode(),
        tenant=refused.tenant or _text(item, "tenant"),
        type=refused.type or _text(item, "type"),
        event_id=refused.event_id or _text(item, "id"),
    )


def _text(item: Item, key: str) -> str | None:
    value = item.document.get(key)
    return value if isinstance(value, str) else None


def _whole(instant: datetime) -> datetime:
    """To the millisecond, as Kafka's timestamps are."""
    return from_millis(to_millis(instant))
