"""World three: the whole way of a message, through the product's own topology and an email gateway, in any weather."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from schemas import codec, wire
from schemas.clock import from_millis, to_millis
from schemas.decision import Decision
from schemas.envelope import Event
from schemas.message import Message
from schemas.tick import Tick
from schemas.topics import CONSENTS, DEAD_LETTERS, DECISIONS, EVENTS, PARTITIONS, SETTINGS, TICKS
from schemas.wire import event_from_mapping
from schemas.words import Outcome
from streams.client import partition_of
from streams.stage import Stage
from streams.topology import TOPOLOGY
from tests.simulation.broker import Broker, Row
from tests.simulation.disk import Disk, new_disk
from tests.simulation.fleet import Machine
from tests.simulation.gateway_laws import gateway_laws, newest_entries, unreported
from tests.simulation.group import Group
from tests.simulation.laws import stage_laws
from tests.simulation.loop import now, rest
from tests.simulation.office import COMMANDS, Office, OfficeParts
from tests.simulation.post import Post
from tests.simulation.process import Process
from tests.simulation.storm import Storm, odds_of
from tests.simulation.worker import Parts, StageMember
from tests.unit.processors.world import MONDAY, PANTRY
from tidings.memory import MemoryRunner

REST_SECONDS = 60.0
NUMBERS = range(PARTITIONS)
_TICK = wire.encode(Tick(ticker="model")).value
_SUBJECTS = ("c1", "c2")
_STATE_CHANGES = ("settings.changed", "contact.changed", "consent.changed")
_SETTINGS: Mapping[str, Any] = {**PANTRY, "kinds": {"appointment_reminder": {"email_hours_before": 48}}}


@dataclass(kw_only=True, eq=False)
class HouseWorld:
    """One run from one seed; `broken` are the laws that did not hold."""

    storm: Storm
    parts: Parts = field(default_factory=Parts)
    broken: list[str] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)
    disks: list[Disk] = field(default_factory=list)
    settings: dict[str, object] = field(default_factory=dict)
    put_in: list[tuple[int, Event | None]] = field(default_factory=list)
    """What the reference run is given, too: when, and an event or a tick."""
    stages: Sequence[Stage] = TOPOLOGY

    @property
    def shared(self) -> dict[str, dict[str, object]]:
        """The topics of which each worker holds a copy."""
        return {SETTINGS.name: self.settings}

    async def run(self) -> None:
        """A calm beginning, the storm, the healing and the reckoning."""
        storm, rng = self.storm, self.storm.rng
        storm.is_over = True
        self.broker = Broker(storm, to_millis(MONDAY))
        self.broker.watch(SETTINGS.name, self._follow_settings)
        self.groups = [Group(broker=self.broker, name=stage.name, partitions=NUMBERS) for stage in self.stages]
        self.gateways = Group(broker=self.broker, name="gateways", partitions=NUMBERS)
        for group in (*self.groups, self.gateways):
            group.begin()
        self.post = Post(storm=storm, refusals=rng.choice((0.0, 0.3)))
        for number in range(rng.choice((1, 2))):
            self._add_machines(number)
        await self._settle_in()
        storm.is_over = False
        await self._script(rng)
        storm.step("the storm is over")
        storm.is_over = True
        await self._come_to_rest()
        self.broken += [f"a fault of the code: {error!r}" for each in self.machines for error in each.unexpected]
        self.broken += self._laws()

    def _add_machines(self, number: int) -> None:
        self._add_worker(f"w{number}")
        self.machines.append(Machine(f"g{number}", self.storm, self._build_gateway))

    def _add_worker(self, name: str) -> None:
        disk = new_disk()
        self.disks.append(disk)

        def build(process: Process) -> None:
            for stage, group in zip(self.stages, self.groups, strict=True):
                StageMember(
                    process=process,
                    stage=stage,
                    broker=self.broker,
                    group=group,
                    disk=disk,
                    copies=self.shared,
                    parts=self.parts,
                ).begin()

        self.machines.append(Machine(name, self.storm, build))

    def _build_gateway(self, process: Process) -> None:
        Office(process=process, broker=self.broker, group=self.gateways, post=self.post, parts=OfficeParts()).begin()

    def _follow_settings(self) -> None:
        for number in NUMBERS:
            for record in self.broker.history.get((SETTINGS.name, number), ()):
                self.settings[(record.key or b"").decode()] = codec.decode(record.value or b"")

    async def _settle_in(self) -> None:
        """The tenant and its contacts are there before anything can go wrong."""
        self._happens("settings.changed", "", _SETTINGS)
        await rest(1.0)
        for subject in _SUBJECTS:
            self._happens("contact.changed", subject, {"name": subject, "email": f"{subject}@example.org"})
        await rest(1.0)

    async def _script(self, rng: Random) -> None:
        pause_seconds = rng.choice((0.05, 0.3, 1.0))
        for _ in range(rng.choice((3, 5, 7))):
            await rest(rng.random() * pause_seconds)
            subject, name = rng.choice(_SUBJECTS), rng.choice(("a1", "a2"))
            starts_at = (from_millis(self.broker.now_ms) + timedelta(hours=rng.randint(40, 120))).isoformat()
            appointment = {"appointment_id": name, "starts_at": starts_at, "made_by": "staff"}
            match rng.randint(0, 9):
                case 0:
                    self._happens("appointment.cancelled", subject, {"appointment_id": name})
                case 1:
                    moved = {"appointment_id": name, "starts_at": starts_at}
                    self._happens("appointment.rescheduled", subject, moved)
                case 2:
                    change = {"address": f"{subject}@example.org", "opted_out": ["all"]}
                    self._happens("consent.changed", "", change)
                case 3:
                    self._happens("order.whispered", subject, {})
                case _:
                    self._happens("appointment.scheduled", subject, appointment)
            self.broker.now_ms += rng.choice((60_000, 3_600_000, 40_000_000))
            if rng.random() < 0.5:
                self._tick()

    def _happens(self, event_type: str, subject: str, data: object) -> None:
        at = from_millis(self.broker.now_ms)
        envelope = {"id": f"e{len(self.put_in)}", "tenant": "pantry", "type": event_type, "time": at.isoformat()}
        if subject:
            envelope["subject"] = subject
        event = event_from_mapping({**envelope, "data": data})
        encoded = wire.encode(event)
        key = event.key.encode()
        rows = [Row(key, encoded.value, encoded.headers)] * (2 if self.storm.strikes(0.1) else 1)
        self.broker.append(EVENTS.name, partition_of(key, PARTITIONS), rows)
        self.put_in += [(self.broker.now_ms, event)] * len(rows)

    def _tick(self) -> None:
        for number in NUMBERS:
            self.broker.append(TICKS.name, number, [Row(None, _TICK)])
        self.put_in.append((self.broker.now_ms, None))

    async def _come_to_rest(self) -> None:
        """First what has happened, then what is due until everything is over."""
        deadline = now() + REST_SECONDS
        while self._left() and now() < deadline:
            await rest(0.5)
            self.broker.now_ms += 120_000
        self.broker.now_ms += 10 * 86_400_000
        self._tick()
        while (left := self._left()) and now() < deadline:
            await rest(0.5)
            if left.startswith("gateways"):
                self.broker.now_ms += 120_000
        if left:
            self.broken.append(f"it never comes to rest: {left}")
        await rest(1.0)

    def _left(self) -> str:
        sources = [(group, tuple(stage.reads)) for stage, group in zip(self.stages, self.groups, strict=True)]
        return self._unread([*sources, (self.gateways, COMMANDS)]) or self._left_at_gateways()

    def _unread(self, sources: Iterable[tuple[Group, Iterable[str]]]) -> str:
        for group, topics in sources:
            for topic in topics:
                for number in NUMBERS:
                    done, end = group.committed(topic, number), self.broker.end(topic, number)
                    if done != end:
                        return f"{group.name} have done {done} of {end} of {topic}/{number}"
        return ""

    def _left_at_gateways(self) -> str:
        newest = newest_entries(self.broker, NUMBERS)
        waiting = [each for each in self._messages() if each not in newest or not newest[each].state.is_final]
        owed = list(unreported(self.broker, NUMBERS))
        return f"gateways have {waiting} left, and {owed} to report" if waiting or owed else ""

    def _messages(self) -> dict[str, Message]:
        return {message.message_id: message for topic in COMMANDS for message in self._records(topic, Message)}

    def _records(self, topic: str, record_class: type[Any]) -> Iterator[Any]:
        for number in NUMBERS:
            for record in self.broker.history.get((topic, number), ()):
                decoded = codec.decode(record.value or b"")
                if isinstance(decoded, record_class):
                    yield decoded

    def _laws(self) -> Iterator[str]:
        yield from self._stage_laws()
        yield from gateway_laws(self.broker, NUMBERS, self._messages(), self.post)
        yield from self._reference_laws()
        yield from self._cancelled_laws()

    def _stage_laws(self) -> Iterator[str]:
        yield from stage_laws(self.broker, self.stages, NUMBERS, self.disks, self.shared)
        letters = sum(1 for number in NUMBERS for _ in self.broker.history.get((DEAD_LETTERS.name, number), ()))
        if letters:
            yield f"{letters} dead letters, and nothing was wrong with any record"

    def _cancelled_laws(self) -> Iterator[str]:
        """Nothing leaves of which is said that it was cancelled."""
        for decision in self._records(DECISIONS.name, Decision):
            name = decision.message_id
            if decision.outcome is Outcome.CANCELLED and name is not None and self.post.accepted[name]:
                yield f"{name} was delivered, and event {decision.facts.get('by_event')} cancelled it"

    def _reference_laws(self) -> Iterator[str]:
        """The same events and messages are decided on, and the same consents stand, as in a run in memory."""
        runner = MemoryRunner(TOPOLOGY, through_codec=True)
        decided = runner.watch(DECISIONS.name)
        consented = runner.watch(CONSENTS.name)
        for at_ms, event in self.put_in:
            if event is None:
                runner.tick(from_millis(at_ms))
            else:
                runner.publish(event, from_millis(at_ms))
        found = list(self._records(DECISIONS.name, Decision))
        wanted_ids = {getattr(record.value, "message_id", None) for record in decided}
        ids = {decision.message_id for decision in found}
        if wanted_ids != ids:
            yield f"messages {ids - wanted_ids} are too much and {wanted_ids - ids} are missing"
        answered = {decision.event_id for decision in found} | {decision.facts.get("by_event") for decision in found}
        for _, event in self.put_in:
            if event is not None and event.type not in _STATE_CHANGES and event.id not in answered:
                yield f"event {event.id} has no decision"
        standing = {record.key for number in NUMBERS for record in self.broker.history[CONSENTS.name, number]}
        if standing != {record.key.encode() for record in consented}:
            yield f"consents of {standing}"


def house_world(seed: int, *, is_traced: bool = False, parts: Parts | None = None) -> HouseWorld:
    """The world of one seed, not yet run."""
    rng = Random(seed)
    storm = Storm(rng=rng, odds=odds_of(rng), is_traced=is_traced)
    return HouseWorld(storm=storm, parts=parts or Parts())
