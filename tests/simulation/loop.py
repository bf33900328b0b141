"""An event loop without the world: time passes only when nobody has anything to do, and then at once."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Stuck(RuntimeError):
    """Nothing is scheduled and something is still waited for."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """asyncio as it is, on a clock that jumps to the next timer; so the same program runs the same way every time."""

    def __init__(self) -> None:
        super().__init__()
        self._seconds = 0.0
        self._clock_resolution = 1e-9
        self._selector = _NoSelector(self)

    def time(self) -> float:
        """Seconds since the beginning of this world."""
        return self._seconds

    def pass_time(self, seconds: float) -> None:
        self._seconds += seconds

    def _process_events(self, event_list: object) -> None:
        """There are no sockets."""

    def _write_to_self(self) -> None:
        """There is no other thread to be woken by."""


class _NoSelector:
    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> tuple[()]:
        if timeout is None:
            raise Stuck("nothing will ever happen again")
        if timeout > 0:
            self._loop.pass_time(timeout)
        return ()

    def close(self) -> None:
        """Nothing is open."""


def simulate(main: Coroutine[Any, Any, T]) -> T:
    """Run a program to its end; whatever it leaves running is abandoned."""
    loop = SimulatedLoop()
    loop.set_exception_handler(lambda _, __: None)
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main)
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        asyncio.set_event_loop(None)
        loop.close()
