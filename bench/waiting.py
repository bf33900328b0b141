"""Waiting for something to come true; how long is measured by the caller."""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def until(holds: Callable[[], Awaitable[bool]], *, limit_seconds: float, look_seconds: float = 0.1) -> bool:
    """Whether the condition came to hold within the limit; it may raise to give up earlier."""
    deadline = time.perf_counter() + limit_seconds
    while True:
        if await holds():
            return True
        if time.perf_counter() > deadline:
            return False
        await asyncio.sleep(look_seconds)
