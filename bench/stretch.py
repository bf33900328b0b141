"""A measured stretch: from the first outputs of a warm engine to its last one, or to the end of the window."""

import time
from collections.abc import Awaitable, Callable

from bench.broker import Broker
from bench.figures import Sample
from bench.processes import Failed, Running
from bench.waiting import until

LOOK_SECONDS = 0.05
_START_LIMIT_SECONDS = 60.0
WARM_SHARE = 0.15
"""The share of the work that warms the engine up before the stretch begins."""


async def measure(
    running: Running,
    broker: Broker,
    done: Callable[[], Awaitable[int]],
    *,
    target: int,
    events_per_output: float,
    window_seconds: float,
) -> Sample:
    """Wait for warmth, then measure until `done` reaches the target or the window is over.

    CPU is read together with the count of outputs, so that a late look adds as much to one as to the other.
    """
    if not await _reach(running, done, int(target * WARM_SHARE), _START_LIMIT_SECONDS):
        raise Failed(f"{await done()} of {target} outputs after {_START_LIMIT_SECONDS:g} s:\n{running.words()}")
    began, first = time.perf_counter(), await done()
    cpu, broker_cpu = running.cpu_seconds(), broker.cpu_seconds()
    await _reach(running, done, target, window_seconds)
    # An exactly-once peer shows its outputs a checkpoint at a time: the window ends with one.
    last = await done()
    wall_seconds = time.perf_counter() - began
    if last <= first:
        raise Failed(f"no output in {wall_seconds:.0f} s:\n{running.words()}")
    return Sample(
        events=(last - first) * events_per_output,
        wall_seconds=wall_seconds,
        cpu_seconds=running.cpu_seconds() - cpu,
        broker_cpu_seconds=broker.cpu_seconds() - broker_cpu,
    )


async def _reach(running: Running, done: Callable[[], Awaitable[int]], count: int, limit_seconds: float) -> bool:
    async def reached() -> bool:
        running.require_alive()
        return await done() >= count

    return await until(reached, limit_seconds=limit_seconds, look_seconds=LOOK_SECONDS)
