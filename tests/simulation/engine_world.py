"""World one: events, ticks, poison and failing timers through two stages, on workers that come, go and fail."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from random import Random

from schemas import wire
from schemas.clock import to_millis
from schemas.tick import Tick
from schemas.topics import AUDIENCE, DEAD_LETTERS, EVENTS, PARTITIONS, TICKS
from streams.client import partition_of
from tests.simulation.bells import BELLS, NOON, bell
from tests.simulation.broker import Broker, Row
from tests.simulation.disk import Disk, new_disk
from tests.simulation.fleet import Machine
from tests.simulation.group import Group
from tests.simulation.laws import stage_laws
from tests.simulation.loop import now, rest
from tests.simulation.mending import Operator, decisions, timer_laws
from tests.simulation.process import Process
from tests.simulation.storm import Storm, odds_of
from tests.simulation.worker import Parts, StageMember, changelog

REST_SECONDS = 120.0
"""After the storm everything is done within so long."""
_TOPICS = (EVENTS.name, TICKS.name, AUDIENCE.name)
_TICK = wire.encode(Tick(ticker="model")).value
_TYPES = (
    "bell.set",
    "bell.set",
    "bell.set",
    "bell.loosened",
    "bell.stopped",
    "bell.moved",
    "bell.heard",
    "bell.cracked",
    "bell.refused",
)
_SUBJECTS = {
    number: [name for name in map("s{}".format, range(60)) if partition_of(f"t|{name}".encode(), PARTITIONS) == number]
    for number in range(3)
}


@dataclass(kw_only=True, eq=False)
class EngineWorld:
    """One run from one seed; `broken` are the laws that did not hold."""

    storm: Storm
    parts: Parts
    broken: list[str] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)
    disks: list[Disk] = field(default_factory=list)

    async def run(self) -> None:
        """The storm, the healing and the reckoning."""
        rng = self.storm.rng
        self.broker = Broker(self.storm, to_millis(NOON))
        self.numbers = tuple(range(rng.choice((1, 1, 1, 1, 2, 3))))
        self.groups = [Group(broker=self.broker, name=stage.name, partitions=self.numbers) for stage in BELLS]
        for group in self.groups:
            group.begin()
        for number in range(rng.choice((1, 2, 2, 3))):
            self._add_machine(f"w{number}")
        operator = Operator(broker=self.broker, ringers=self.groups[0])
        await self._script(rng)
        await operator.mend()
        self.storm.step("the storm is over")
        self.storm.is_over = True
        await self._come_to_rest()
        while await operator.mend():
            await self._come_to_rest()
        self._reckon()

    def _add_machine(self, name: str) -> None:
        disk = new_disk()
        self.disks.append(disk)

        def build(process: Process) -> None:
            if self.storm.strikes(0.1):
                self.storm.fault(f"the disk of {name} is empty")
                disk.clear()
            for stage, group in zip(BELLS, self.groups, strict=True):
                member = StageMember(
                    process=process,
                    stage=stage,
                    broker=self.broker,
                    group=group,
                    disk=disk,
                    copies={},
                    parts=self.parts,
                )
                member.begin()

        self.machines.append(Machine(name, self.storm, build))

    async def _script(self, rng: Random) -> None:
        pause_seconds = rng.choice((0.05, 0.15, 0.3, 0.8))
        for step in range(rng.choice((3, 4) if pause_seconds > 0.3 else (3, 4, 5, 7))):
            await rest(rng.random() * pause_seconds)
            match rng.randint(0, 9):
                case 0:
                    self.broker.now_ms += rng.choice((-3000, 60_000, 1))
                case 1:
                    self._compact(rng)
                case 2 if len(self.machines) < 4:
                    self._add_machine(f"w{len(self.machines)}")
                case 3:
                    rng.choice(self.groups).rebalance()
                case _:
                    self._publish(rng, step)
            self.broker.now_ms += rng.randint(0, 3000)
            self._tick(rng)

    def _publish(self, rng: Random, step: int) -> None:
        number = rng.choice(self.numbers)
        rows = []
        for one in range(rng.randint(1, 3)):
            subject = _SUBJECTS[number][rng.randint(0, 1)]
            event = bell(f"e{step}.{one}", subject, rng.choice(_TYPES), rng.randint(0, 20))
            encoded = wire.encode(event)
            copies = 1 if rng.random() < 0.9 or event.type == "bell.loosened" else 2
            rows += [Row(event.key.encode(), encoded.value, encoded.headers)] * copies
        if rng.random() < 0.1:
            rows.append(Row(b"t|junk", b"junk"))
        self.broker.append(EVENTS.name, number, rows)

    def _tick(self, rng: Random) -> None:
        for number in self.numbers:
            for _ in range(rng.choice((0, 0, 0, 1, 2))):
                self.broker.append(TICKS.name, number, [Row(None, _TICK)])

    def _compact(self, rng: Random) -> None:
        for stage in BELLS:
            for number in self.numbers:
                topic = changelog(stage.name)
                self.broker.compact(topic, number, rng.randint(0, self.broker.end(topic, number)))

    async def _come_to_rest(self) -> None:
        """First what has happened, then what is due by then."""
        self.broker.now_ms += 3_600_000
        deadline = now() + REST_SECONDS
        await self._until_nothing_is_left((EVENTS.name,), deadline)
        for number in self.numbers:
            self.broker.append(TICKS.name, number, [Row(None, _TICK)])
        await self._until_nothing_is_left(_TOPICS, deadline)
        if left := self._left(_TOPICS):
            self.broken.append(f"it never comes to rest: {left}")

    async def _until_nothing_is_left(self, topics: Collection[str], deadline: float) -> None:
        while self._left(topics) and now() < deadline:
            await rest(0.3)

    def _left(self, topics: Collection[str]) -> str:
        for stage, group in zip(BELLS, self.groups, strict=True):
            for topic in (each for each in stage.reads if each in topics):
                for number in self.numbers:
                    done, end = group.committed(topic, number), self.broker.end(topic, number)
                    if done != end:
                        return f"{stage.name} has done {done} of {end} of {topic}/{number}"
        return ""

    def _reckon(self) -> None:
        self.broken += [f"a fault of the code: {error!r}" for each in self.machines for error in each.unexpected]
        self.broken += stage_laws(self.broker, BELLS, self.numbers, self.disks, {})
        self.broken += timer_laws(self.broker, self.numbers)
        self.broken += self._undecided()

    def _undecided(self) -> Sequence[str]:
        """Every event has a decision or a dead letter."""
        logs = self.broker.history
        letters = {record.key for number in range(PARTITIONS) for record in logs[DEAD_LETTERS.name, number]}
        decided = {decision.event_id for decision in decisions(self.broker)}
        for number in self.numbers:
            for record in logs[EVENTS.name, number]:
                event_id = dict(record.headers).get("ce_id", b"").decode()
                if event_id not in decided and f"{EVENTS.name}/{number}/{record.offset}".encode() not in letters:
                    return [f"event {event_id} at {number}/{record.offset} has no decision"]
        return []


def engine_world(seed: int, *, is_traced: bool = False, parts: Parts | None = None) -> EngineWorld:
    """The world of one seed, not yet run."""
    rng = Random(seed)
    storm = Storm(rng=rng, odds=odds_of(rng), is_traced=is_traced)
    return EngineWorld(storm=storm, parts=parts or Parts())
