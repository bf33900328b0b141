"""The torment: commits one fault after another on a trial, and waits each time until all is well again."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from schemas.topics import PARTITIONS
from tests.chaos.answers import Answers, Place
from tests.chaos.broker import Broker
from tests.chaos.faults import Fault, Kind
from tests.chaos.fleet import Fleet
from tests.chaos.notes import Note, Notebook, What
from tests.chaos.seams import armed_path
from tests.chaos.waiting import until

log = logging.getLogger(__name__)

FROZEN_SECONDS = 12.0
"""Longer than the session time-out of 10 s."""
_OTHER_KILL_SECONDS = 2.0
_SETTLE_LIMIT_SECONDS = 90.0
_SEAM_LIMIT_SECONDS = 20.0
_STAY_SECONDS = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """One fault as it was committed: when it was over, whose partitions stopped, and which processes are gone."""

    fault: Fault
    at: float
    kills: int = 0
    places: frozenset[Place] = frozenset()
    gone: frozenset[str] = frozenset()


class NotSettled(TimeoutError):
    """The workers did not come up; the message says how far they got."""


class Torment:
    """Torments one fleet and its broker; `strikes` tells what was done."""

    def __init__(
        self,
        fleet: Fleet,
        answers: Answers,
        broker: Broker,
        lots: random.Random,
        *,
        home: Path,
        stages: int,
    ) -> None:
        self._fleet, self._answers, self._broker, self._lots = fleet, answers, broker, lots
        self._notebook = Notebook(home)
        self._home = home
        self._name = home.name
        self._stages = stages
        self.strikes: list[Strike] = []
        self.stuck = ""
        """Why the workers did not come back after a fault, if they did not."""
        self._ways: dict[Kind, Callable[[Fault], Awaitable[None]]] = {
            Kind.KILL: self._kill,
            Kind.KILL_TWICE: self._kill_twice,
            Kind.KILL_BOTH: self._kill_both,
            Kind.KILL_AND_WIPE: self._kill_and_wipe,
            Kind.SEAM: self._kill_at_seam,
            Kind.FREEZE: self._freeze,
            Kind.JOIN_AND_LEAVE: self._join_and_leave,
            Kind.BROKER: self._kill_broker,
        }

    async def run(self, faults: Iterator[Fault], *, seconds: float) -> None:
        """Commit faults for this long, or until the workers do not come back; the last one may take longer."""
        ends_at = time.monotonic() + seconds
        for fault in faults:
            await asyncio.sleep(self._lots.uniform(0.2, _STAY_SECONDS))
            if time.monotonic() >= ends_at:
                return
            log.info("%s: %s", self._name, fault)
            try:
                await self._ways[fault.kind](fault)
                await self.settled()
                await until(self._is_resumed, limit_seconds=_SETTLE_LIMIT_SECONDS)
            except NotSettled as error:
                self.stuck = str(error)
                return

    async def settled(self) -> None:
        """Return when each partition of each stage has one live owner that is ready."""
        if not await until(lambda: not self._unsettled(), limit_seconds=_SETTLE_LIMIT_SECONDS):
            raise NotSettled(f"after {_SETTLE_LIMIT_SECONDS:g} s: {self._unsettled()}")

    def rebalances(self) -> int:
        """How many generations there were after each group's first."""
        generations: dict[str, set[int]] = {}
        for note in self._ready_notes():
            generations.setdefault(note.stage, set()).add(note.generation)
        return sum(max(each) - min(each) for each in generations.values())

    def _unsettled(self) -> str:
        if ended := self._fleet.ended:
            return f"{ended} have ended"
        live = {self._fleet.signature(name) for name in self._fleet.names}
        newest = {(note.stage, note.by): note for note in self._ready_notes()}
        stages = {stage for stage, _ in newest}
        if len(stages) < self._stages:
            return f"only {sorted(stages)} are ready"
        for stage in sorted(stages):
            ours = [note for (of, by), note in newest.items() if of == stage and by in live]
            generation = max(note.generation for (of, _), note in newest.items() if of == stage)
            if {note.by for note in ours} != live or {note.generation for note in ours} != {generation}:
                return f"{stage}, generation {generation}: ready are {ours}, live are {sorted(live)}"
            owned = sorted(partition for note in ours for partition in note.partitions)
            if owned != list(range(PARTITIONS)):
                return f"{stage}, generation {generation}: owned are {owned}"
        return ""

    def _is_resumed(self) -> bool:
        """Whether all partitions of the last victims answered again: another fault would spoil the measurement."""
        if not self.strikes:
            return True
        last = self.strikes[-1]
        return all(self._answers.resumed_at(place, last.at, last.gone) for place in last.places)

    def _ready_notes(self) -> list[Note]:
        return [note for note in self._notebook.read() if note.what is What.READY]

    def _places(self, by: str) -> frozenset[Place]:
        newest = {note.stage: note for note in self._ready_notes() if note.by == by}
        return frozenset((note.stage, partition) for note in newest.values() for partition in note.partitions)

    def _struck(self, fault: Fault, victims: dict[str, frozenset[Place]], at: float, kills: int) -> None:
        places = frozenset(place for owned in victims.values() for place in owned)
        self.strikes.append(Strike(fault=fault, at=at, kills=kills, places=places, gone=frozenset(victims)))

    def _victim(self) -> str:
        return self._lots.choice(self._fleet.names)

    def _owned(self, *names: str) -> dict[str, frozenset[Place]]:
        return {by: self._places(by) for by in map(self._fleet.signature, names)}

    async def _kill(self, fault: Fault) -> None:
        name = self._victim()
        victims = self._owned(name)
        self._struck(fault, victims, self._fleet.kill(name), 1)

    async def _kill_both(self, fault: Fault) -> None:
        victims = self._owned(*self._fleet.names)
        at = max([self._fleet.kill(name) for name in self._fleet.names])
        self._struck(fault, victims, at, len(victims))

    async def _kill_and_wipe(self, fault: Fault) -> None:
        name = self._victim()
        victims = self._owned(name)
        at = self._fleet.kill(name)
        self._fleet.wipe(name)
        self._struck(fault, victims, at, 1)

    async def _kill_twice(self, fault: Fault) -> None:
        name = self._victim()
        victims = self._owned(name)
        self._fleet.kill(name)
        await self._is_another(name, next(iter(victims)))
        await asyncio.sleep(self._lots.uniform(0.5, 3.0))
        victims[self._fleet.signature(name)] = frozenset()
        self._struck(fault, victims, self._fleet.kill(name), 2)

    async def _kill_at_seam(self, fault: Fault) -> None:
        name = self._victim()
        victims = self._owned(name)
        assert fault.seam is not None
        armed = armed_path(self._home, name)
        armed.write_text(fault.seam)
        [victim] = victims
        await until(lambda: self._death(victim), limit_seconds=_SEAM_LIMIT_SECONDS)
        died = self._death(victim)
        if died is None:  # nothing passed there
            armed.unlink(missing_ok=True)
            return
        self._struck(fault, victims, died.at, 1)
        await self._is_another(name, died.by)

    async def _freeze(self, fault: Fault) -> None:
        name = self._victim()
        frozen = self._owned(name)
        self._fleet.freeze(name)
        at = time.time()
        await asyncio.sleep(_OTHER_KILL_SECONDS)
        for other in self._fleet.names:
            if other != name:
                victims = self._owned(other)
                self._struck(Fault(kind=Kind.KILL), victims, self._fleet.kill(other), 1)
        await asyncio.sleep(FROZEN_SECONDS - _OTHER_KILL_SECONDS)
        self._fleet.thaw(name)
        self._struck(fault, frozen, at, 0)
        await self._is_another(name, next(iter(frozen)))

    async def _join_and_leave(self, fault: Fault) -> None:
        at = time.time()
        self._fleet.launch("w3")
        try:
            await self.settled()
            await asyncio.sleep(_STAY_SECONDS)
        finally:
            await self._fleet.stop("w3")
        self._struck(fault, {}, at, 0)
        await self._kill(Fault(kind=Kind.KILL))

    async def _kill_broker(self, fault: Fault) -> None:
        at = await self._broker.kill_and_restart()
        self._struck(fault, {}, at, 0)
        await asyncio.sleep(_STAY_SECONDS)

    def _death(self, by: str) -> Note | None:
        deaths = (note for note in self._notebook.read() if note.what is What.DIED and note.by == by)
        return next(deaths, None)

    async def _is_another(self, name: str, than: str) -> None:
        """Return when the supervisor has started the worker anew."""
        await until(lambda: self._fleet.signature(name) != than, limit_seconds=_SEAM_LIMIT_SECONDS)
