"""Waiting for what other processes do: there is nobody who could wake us, so we look."""

import asyncio
import time
from collections.abc import Callable

_LOOK_SECONDS = 0.05


async def until(holds: Callable[[], object], *, limit_seconds: float) -> bool:
    """Whether it came to hold within the limit."""
    deadline = time.monotonic() + limit_seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_LOOK_SECONDS)
    return True
