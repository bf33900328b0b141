"""A model of Kafka's consumer groups: static members, sessions, generations, rebalances, refused commits."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tests.simulation.broker import Broker
from tests.simulation.loop import now, rest, running
from tests.simulation.process import Process
from tests.simulation.storm import PACE, SESSION_SECONDS

REBALANCE_SECONDS = 10.0 / PACE
HEARTBEAT_SECONDS = 1.8 / PACE


class Member(Protocol):
    """A consumer as its group sees it."""

    process: Process
    heard_at: float
    turn: asyncio.Lock
    """A client calls its listener for one thing at a time."""

    async def revoked(self) -> None:
        """All partitions are given back before the group is joined anew."""

    async def assigned(self, generation: int, partitions: Sequence[int]) -> None:
        """These are ours from now on."""


@dataclass(slots=True, eq=False)
class _Seat:
    member: Member
    heard_at: float
    partitions: tuple[int, ...] = ()
    has_rejoined: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Group:
    """The coordinator of one group; it never fails, but it believes what it is told, and silence."""

    broker: Broker
    name: str
    partitions: Sequence[int]
    generation: int = 0
    seats: dict[str, _Seat] = field(default_factory=dict)
    _is_rebalancing: bool = False
    _is_dirty: bool = False
    _task: asyncio.Task[None] | None = None
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        """Watch the sessions from now on."""
        running().call_later(HEARTBEAT_SECONDS, self._sweep)

    def join(self, member: Member) -> None:
        """A member comes; a static one that was away for less than a session gets its partitions back at once."""
        name = member.process.name
        seat = self.seats.get(name)
        if seat is not None and not self._is_rebalancing and not seat.member.process.is_alive:
            seat.member, seat.heard_at = member, now()
            member.process.start(_hand_over(member, self.generation, seat.partitions))
            return
        if seat is None or seat.member is not member:
            self.seats[name] = _Seat(member, now())
        self.rebalance()

    def heartbeat(self, member: Member) -> bool:
        """Whether the member is one; None of its partitions are its own otherwise."""
        seat = self.seats.get(member.process.name)
        if seat is None or seat.member is not member:
            return False
        seat.heard_at = now()
        return True

    def commit(self, member: Member, generation: int, offsets: Mapping[tuple[str, int], int]) -> bool:
        """Store offsets; False when they come from another generation."""
        seat = self.seats.get(member.process.name)
        if seat is None or seat.member is not member or generation != self.generation:
            return False
        for (topic, partition), offset in offsets.items():
            self.broker.committed[self.name, topic, partition] = offset
            self.broker.commits.append((now(), self.name, (topic, partition), offset))
            self.broker.storm.step(f"  {self.name} commits {topic}/{partition}@{offset}")
        return True

    def committed(self, topic: str, partition: int) -> int:
        """Where the group's next owner of a partition begins."""
        return self.broker.committed.get((self.name, topic, partition), 0)

    def rebalance(self) -> None:
        """Everybody has to join anew; whoever does not answer in time is left out."""
        self._is_dirty = True
        self._moved.set()
        if not self._is_rebalancing:
            self._is_rebalancing = True
            self._task = running().create_task(self._rebalance())

    def _sweep(self) -> None:
        for name, seat in list(self.seats.items()):
            if now() - seat.heard_at > SESSION_SECONDS:
                self.broker.storm.step(f"{self.name}: the session of {name} is over")
                del self.seats[name]
                self.rebalance()
        running().call_later(HEARTBEAT_SECONDS, self._sweep)

    async def _rebalance(self) -> None:
        while self._is_dirty:
            self._is_dirty = False
            for seat in self.seats.values():
                seat.has_rejoined = False
                if seat.member.process.is_alive:
                    seat.member.process.start(self._rejoin(seat))
            deadline = now() + REBALANCE_SECONDS
            while now() < deadline and not all(seat.has_rejoined for seat in self.seats.values()):
                self._moved.clear()
                try:
                    async with asyncio.timeout(deadline - now()):
                        await self._moved.wait()
                except TimeoutError:
                    break
            for name in [name for name, seat in self.seats.items() if not seat.has_rejoined]:
                del self.seats[name]
        self.generation += 1
        self._is_rebalancing = False
        self._assign()

    async def _rejoin(self, seat: _Seat) -> None:
        await seat.member.process.connected()
        async with seat.member.turn:
            await seat.member.revoked()
        await seat.member.process.connected()
        seat.has_rejoined = True
        seat.heard_at = now()
        self._moved.set()

    def _assign(self) -> None:
        seats = list(self.seats.values())
        self.broker.storm.rng.shuffle(seats)
        for number, seat in enumerate(seats):
            seat.partitions = tuple(self.partitions[number :: len(seats)])
            seat.heard_at = now()
            if seat.member.process.is_alive:
                self.broker.storm.step(f"{self.name}: {seat.member.process.name} gets {seat.partitions}")
                seat.member.process.start(_hand_over(seat.member, self.generation, seat.partitions))


async def stay(group: Group, member: Member) -> None:
    """A consumer's heartbeats: it joins, and joins again when it hears that it is no member any more."""
    process = member.process
    await process.connected()
    group.join(member)
    member.heard_at = now()
    while True:
        await rest(HEARTBEAT_SECONDS * (0.5 + process.storm.rng.random()))
        await process.connected()
        if group.heartbeat(member):
            member.heard_at = now()
            continue
        process.storm.step(f"{process.name} hears that it is out of {group.name}")
        async with member.turn:
            await member.revoked()
        group.join(member)


async def _hand_over(member: Member, generation: int, partitions: Sequence[int]) -> None:
    await member.process.connected()
    async with member.turn:
        await member.assigned(generation, partitions)
