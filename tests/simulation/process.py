"""A process that can end, sleep or lose the network at any of its seams, and may not notice."""

import asyncio
from collections.abc import Coroutine
from typing import Any, NoReturn

from tests.simulation.loop import now, rest, running
from tests.simulation.storm import CUTS_SECONDS, FREEZES_SECONDS, Storm


class Killed(BaseException):
    """The process ended here, as by a power cut: no exception handler of the product may take it for an error."""


class Process:
    """One incarnation of a named process; a restart is a new one under the same name."""

    def __init__(self, name: str, storm: Storm) -> None:
        self.name = name
        self.storm = storm
        self.is_alive = True
        self.frozen_until = 0.0
        self.frozen_seconds = 0.0
        self.cut_until = 0.0
        self.ended = running().create_future()
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Let something run in this process until the process ends."""
        task = running().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.end(task.exception())

    def end(self, error: BaseException | None) -> None:
        """The process is gone; what it had asked the network to do may still happen."""
        if not self.is_alive:
            return
        self.is_alive = False
        for task in self._tasks:
            task.cancel()
        self.ended.set_result(error)

    def seam(self, where: str) -> None:
        """A point between two steps that happen without waiting; the process may end here."""
        if not self.is_alive:
            raise Killed
        if self.storm.strikes(self.storm.odds.kill):
            self.kill(where)

    def kill(self, where: str) -> NoReturn:
        """End from within."""
        self.storm.fault(f"{self.name} is killed: {where}")
        self.end(None)
        raise Killed

    async def pause(self, where: str) -> None:
        """A point where the process waits for the outside: it may end here, freeze, or lose the network."""
        self.seam(where)
        storm = self.storm
        if storm.strikes(storm.odds.freeze):
            self.freeze(storm.rng.choice(FREEZES_SECONDS), where)
        if storm.strikes(storm.odds.cut):
            self.cut(storm.rng.choice(CUTS_SECONDS), where)
        if storm.rng.random() < 0.3:
            await rest(storm.latency_seconds())
        await self.awake()

    async def awake(self) -> None:
        """Return when the process is not frozen; what it does then it believes to do at once."""
        while self.frozen_until > now():
            await rest(self.frozen_until - now())
        if not self.is_alive:
            raise Killed

    async def connected(self) -> None:
        """Return when the process is awake and its network works."""
        await self.awake()
        while self.cut_until > now():
            await rest(self.cut_until - now())
            await self.awake()

    def freeze(self, seconds: float, where: str) -> None:
        """Stop the process without its knowing, as SIGSTOP does."""
        self.storm.fault(f"{self.name} is frozen for {seconds} s: {where}")
        self.frozen_until = max(self.frozen_until, now() + seconds)
        self.frozen_seconds = seconds

    def cut(self, seconds: float, where: str) -> None:
        """Take the network away; what is sent meanwhile arrives when it comes back."""
        self.storm.fault(f"{self.name} has no network for {seconds} s: {where}")
        self.cut_until = max(self.cut_until, now() + seconds)

    @property
    def reachable_at(self) -> float:
        """When the network lets something through."""
        return max(self.cut_until, now())
