"""Latency of one stage at a steady rate, by the broker's own clock: from an event's append to its output's append."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench import job, worker
from bench.broker import Broker, running_broker
from bench.figures import percentile
from bench.processes import Failed, launch_until_ready
from bench.scale import Scale
from bench.waiting import until
from schemas import wire
from schemas.topics import AUDIENCE, EVENTS, SETTINGS
from streams import topics_admin

Say = Callable[[str], None]

RATES_PER_SECOND = (50, 600)
_SPEC = "job:event:2:latency"
_WARM_SECONDS = 1
_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """At so many events a second, in milliseconds."""

    per_second: int
    events: int
    p50_millis: float
    p99_millis: float
    worst_millis: float


async def run(scale: Scale, say: Say) -> list[Latency]:
    """All rates, one after another, with a broker of their own."""
    async with running_broker() as broker:
        installation = worker.installation(broker.servers, "", broker.home, "latency")
        await topics_admin.apply(installation, (worker.stage_of(_SPEC),))
        await broker.feed(SETTINGS.name, job.settings_entries())
        await broker.stamp_at_append(AUDIENCE.name)
        home = broker.home / "latency"
        home.mkdir(parents=True, exist_ok=True)
        command = worker.command(_SPEC, broker.servers, home, "latency")
        running = launch_until_ready(command, home / "log", timeout_seconds=60)
        try:
            found = [await _at(rate, number, broker, scale) for number, rate in enumerate(RATES_PER_SECOND)]
        finally:
            running.stop()
        for each in found:
            say(f"latency at {each.per_second}/s: p50 {each.p50_millis:.0f} ms, p99 {each.p99_millis:.0f} ms")
        return found


async def _at(per_second: int, number: int, broker: Broker, scale: Scale) -> Latency:
    count = per_second * (scale.latency_seconds + _WARM_SECONDS)
    events_since, answers_since = await broker.ends(EVENTS.name), await broker.ends(AUDIENCE.name)
    await _publish(per_second, range(number * 1_000_000, number * 1_000_000 + count), broker)

    async def all_answered() -> bool:
        return await broker.count(AUDIENCE.name, answers_since) >= count

    await until(all_answered, limit_seconds=_PATIENCE_SECONDS)
    appended = {record.key: record.timestamp async for record in broker.read(EVENTS.name, events_since)}
    answered = {record.key: record.timestamp async for record in broker.read(AUDIENCE.name, answers_since)}
    if len(answered) != count:
        raise Failed(f"{len(answered):,} of {count:,} events were answered at {per_second}/s")
    first = min(appended.values()) + _WARM_SECONDS * 1000
    millis = [answered[key] - at for key, at in appended.items() if at >= first]
    return Latency(
        per_second=per_second,
        events=len(millis),
        p50_millis=percentile(millis, 0.5),
        p99_millis=percentile(millis, 0.99),
        worst_millis=max(millis),
    )


async def _publish(per_second: int, numbers: range, broker: Broker) -> None:
    """One event after another, each at its time; one that is late does not make the next one late."""
    async with broker.producer() as producer:
        began = time.perf_counter()
        for place, number in enumerate(numbers):
            event = job.latency_event(number)
            encoded = wire.encode(event)
            await asyncio.sleep(max(0.0, began + place / per_second - time.perf_counter()))
            await producer.send(EVENTS.name, encoded.value, event.key.encode(), headers=list(encoded.headers))
        await producer.flush()
