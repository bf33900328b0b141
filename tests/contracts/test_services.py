"""What the engine needs of mode's services."""

import asyncio
from collections.abc import Iterable

from mode import Service
from mode.types import ServiceT

from tests.contracts.upgrade import promised, still_needed

_LIMIT_SECONDS = 30.0
_TURNS = 100
"""Of the event loop, in which nothing else is there to happen."""


class _Slow(Service):
    """Starts when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = 0
        self.may_go_on = asyncio.Event()

    async def on_start(self) -> None:
        self.begun += 1
        await self.may_go_on.wait()


class _InTurn(Service):
    """Consists of several, as a worker does."""

    def __init__(self, *parts: _Slow) -> None:
        self.parts = parts
        super().__init__()

    def on_init_dependencies(self) -> Iterable[ServiceT]:
        return self.parts


class _AtOnce(_InTurn):
    """Starts them at once, as `streams.worker` does."""

    async def on_start(self) -> None:
        await asyncio.gather(*(part.maybe_start() for part in self.parts))


async def _begun_before_one_is_done(whole: _InTurn) -> list[int]:
    """How often each part has begun while none is done; then all are, and the whole is stopped."""
    starting = asyncio.ensure_future(whole.start())
    async with asyncio.timeout(_LIMIT_SECONDS):
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        begun = [part.begun for part in whole.parts]
        for part in whole.parts:
            part.may_go_on.set()
        await starting
    await whole.stop()
    return begun


async def test_services_may_be_started_at_once_and_start_once() -> None:
    whole = _AtOnce(_Slow(), _Slow())
    begun = await _begun_before_one_is_done(whole)
    promised(
        begun == [1, 1] and [part.begun for part in whole.parts] == [1, 1],
        "that what a service consists of may be started in its on_start, and is not started again afterwards.",
        "streams.worker._Worker.on_start",
    )


async def test_services_start_in_turn() -> None:
    begun = await _begun_before_one_is_done(_InTurn(_Slow(), _Slow()))
    still_needed(
        begun == [1, 0], "A service starts what it consists of one after another.", "streams.worker._Worker.on_start"
    )
