"""An event loop without the world: time passes only when nobody has anything to do, and then at once."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from heapq import heappop, heappush
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Stuck(RuntimeError):
    """Nothing is scheduled and something is still waited for."""


class Call:
    """A callback on its way, as asyncio's Handle is; a timer also says when."""

    __slots__ = ("_args", "_callback", "_context", "_seconds")

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None, seconds: float
    ) -> None:
        self._callback: Callable[..., object] | None = callback
        self._args = args
        self._context = context or copy_context()
        self._seconds = seconds

    def cancel(self) -> None:
        """Do nothing when the time has come."""
        self._callback = None
        self._args = ()

    def cancelled(self) -> bool:
        """Whether nothing will be done."""
        return self._callback is None

    def __lt__(self, other: "Call") -> bool:
        """Of those that are due in the same instant none is before another, which is how asyncio has it."""
        return False

    def when(self) -> float:
        """The second of this world in which it is due."""
        return self._seconds

    def run(self) -> None:
        if self._callback is not None:
            self._context.run(self._callback, *self._args)


class SimulatedLoop(asyncio.AbstractEventLoop):
    """What asyncio's tasks and futures need, on a clock that jumps to the next timer; the same program always runs
    the same way.

    Most of a seed's time went into asyncio's own loop, which serves sockets, threads and signals that no world has.
    What a plain callback raises ends the run.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        """Since the beginning of this world."""
        self._ready: deque[Call] = deque()
        self._timers: list[tuple[float, Call]] = []

    def time(self) -> float:
        """Seconds since the beginning of this world."""
        return self.seconds

    def get_debug(self) -> bool:
        """Tasks and futures ask at every turn."""
        return False

    def is_closed(self) -> bool:
        """Nothing is open."""
        return False

    def is_running(self) -> bool:
        """See `run_until_complete`."""
        return asyncio._get_running_loop() is self

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Tasks of a process that was killed end in errors that nobody asks for."""

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Any:
        """See asyncio."""
        call = Call(callback, args, context, self.seconds)
        self._ready.append(call)
        return call

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        """See asyncio."""
        return self.call_at(self.seconds + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Any:
        """See asyncio; of two that are due in the same instant either may be first, but always the same one."""
        call = Call(callback, args, context, when)
        heappush(self._timers, (when, call))
        return call

    def create_future(self) -> asyncio.Future[Any]:
        """See asyncio."""
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> asyncio.Task[Any]:
        """See asyncio."""
        return asyncio.Task(coro, loop=self, name=name, context=context)

    def run_until_complete(self, future: Any) -> Any:
        """See asyncio; raises Stuck when it never will be."""
        asyncio._set_running_loop(self)
        try:
            main = asyncio.ensure_future(future, loop=self)
            while not main.done():
                self._turn()
        finally:
            asyncio._set_running_loop(None)
        return main.result()

    def _turn(self) -> None:
        """Do what is ready now, and with it what is due; let time pass when there is neither."""
        ready, timers = self._ready, self._timers
        while timers and timers[0][1].cancelled():
            heappop(timers)
        if not ready:
            if not timers:
                raise Stuck("nothing will ever happen again")
            self.seconds += max(0.0, timers[0][0] - self.seconds)
        end = self.seconds + 1e-9
        while timers and timers[0][0] < end:
            ready.append(heappop(timers)[1])
        for _ in range(len(ready)):
            ready.popleft().run()


_loops: list[SimulatedLoop] = []
"""The world that runs in this process, if one does; asyncio's own way to it asks the kernel who we are each time."""


def running() -> SimulatedLoop:
    """The loop of the world that runs."""
    return _loops[-1]


def now() -> float:
    """Seconds since the beginning of this world."""
    return _loops[-1].seconds


async def rest(seconds: float) -> None:
    """Let so much of this world's time pass."""
    loop = _loops[-1]
    over = loop.create_future()
    timer = loop.call_later(seconds, _end, over)
    try:
        await over
    finally:
        timer.cancel()


def _end(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)


def simulate(main: Coroutine[Any, Any, T]) -> T:
    """Run a program to its end; whatever it leaves running is abandoned."""
    loop = SimulatedLoop()
    _loops.append(loop)
    try:
        return cast(T, loop.run_until_complete(main))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(rest(0))
        _loops.pop()
