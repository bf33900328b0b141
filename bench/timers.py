"""Recovery and timers: a million pending timers read back from an empty disk, then thousands due in each second."""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import job, worker
from bench.broker import Broker, Entry, running_broker
from bench.figures import percentile
from bench.processes import Failed, Running, launch_until_ready
from bench.scale import Scale
from bench.waiting import until
from processors.timers import timer_key
from schemas import codec
from schemas.state import Alarm
from schemas.topics import CONSENT_CHANGES, CONSENTS, SETTINGS
from streams import topics_admin
from streams.naming import app_id, changelog_name

Say = Callable[[str], None]

STAGE = "alarms"
TICKS_SECONDS = (1.0, 0.5)
"""The default, and a setting for installations with more timers than eight partitions fire in a second by default."""
_PENDING_FOR = timedelta(days=365)
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """Seconds from the start of a worker's process until it is ready, with so many records of state."""

    records: int
    nothing_seconds: float
    empty_disk_seconds: float
    disk_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """From due time to the append of what the timer says, in seconds."""

    tick_seconds: float
    fired: int
    p50_seconds: float
    p99_seconds: float
    worst_seconds: float


async def run(scale: Scale, say: Say) -> tuple[Starts, list[Lateness]]:
    """Both, with a broker of their own."""
    async with running_broker() as broker:
        installation = worker.installation(broker.servers, "", broker.home, STAGE)
        await topics_admin.apply(installation, (job.alarm_clock(STAGE),))
        await broker.feed(SETTINGS.name, job.settings_entries())
        await broker.stamp_at_append(CONSENTS.name)
        starts = await _starts(broker, scale, changelog_name(installation, STAGE))
        say(f"recovery of {starts.records:,}: {starts.empty_disk_seconds - starts.nothing_seconds:.1f} s")
        found = []
        for tick_seconds in TICKS_SECONDS:
            running, _ = _start(broker, tick_seconds)
            try:
                found.append(await _lateness(broker, running, scale, app_id(installation, STAGE), tick_seconds))
            finally:
                running.stop()
            say(f"timers, a tick each {tick_seconds} s: p99 {found[-1].p99_seconds:.2f} s late")
        shutil.rmtree(broker.home / STAGE, ignore_errors=True)
        return starts, found


async def _starts(broker: Broker, scale: Scale, changelog: str) -> Starts:
    home = _home(broker)
    shutil.rmtree(home, ignore_errors=True)
    _start_and_stop(broker)  # the first group on a new broker waits for the broker's own topics
    shutil.rmtree(home)
    nothing_seconds = _start_and_stop(broker)
    await broker.spread(changelog, _pending(scale.recovered))
    shutil.rmtree(home)
    empty_disk_seconds = _start_and_stop(broker)
    return Starts(
        records=scale.recovered,
        nothing_seconds=nothing_seconds,
        empty_disk_seconds=empty_disk_seconds,
        disk_seconds=_start_and_stop(broker),
    )


def _pending(count: int) -> Iterator[Entry]:
    """Timers of the far future as the changelog has them."""
    code = bytes([job.alarm_clock(STAGE).tables.index(job.ALARMS)])
    first = datetime.now(UTC) + _PENDING_FOR
    for number in range(count):
        row = f"pending-{number}"
        yield code + timer_key(first + timedelta(milliseconds=number), row).encode(), codec.encode(Alarm(row=row)), ()


def _home(broker: Broker) -> Path:
    return broker.home / STAGE


def _start(broker: Broker, tick_seconds: float = 1.0) -> tuple[Running, float]:
    _home(broker).mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    command = worker.command(f"alarms:{STAGE}", broker.servers, _home(broker), STAGE, tick_seconds=tick_seconds)
    running = launch_until_ready(command, _home(broker) / "log", timeout_seconds=180)
    return running, time.perf_counter() - began


def _start_and_stop(broker: Broker) -> float:
    running, seconds = _start(broker)
    running.stop()
    return seconds


async def _lateness(broker: Broker, running: Running, scale: Scale, group: str, tick_seconds: float) -> Lateness:
    count = scale.due_per_second * scale.due_seconds
    since = await broker.ends(CONSENTS.name)
    done_before = await broker.count(CONSENT_CHANGES.name)
    began = datetime.now(UTC) + timedelta(seconds=6 + count / 4_000)
    gap = timedelta(seconds=1) / scale.due_per_second
    await broker.feed(CONSENT_CHANGES.name, (job.alarm_entry(number, began + number * gap) for number in range(count)))

    async def all_set() -> bool:
        running.require_alive()
        return await broker.committed(group, CONSENT_CHANGES.name) >= done_before + count

    async def all_fired() -> bool:
        running.require_alive()
        return await broker.count(CONSENTS.name, since) >= count

    if not await until(all_set, limit_seconds=(began - datetime.now(UTC)).total_seconds()):
        raise Failed("setting the timers took longer than until the first was due: the machine is too busy")
    await until(all_fired, limit_seconds=scale.due_seconds + _PATIENCE_SECONDS, look_seconds=0.5)
    late = [
        (record.timestamp - int((record.key or b"").decode().split("alarm-")[1].split("-")[0])) / 1000
        async for record in broker.read(CONSENTS.name, since)
    ]
    if len(late) != count:
        raise Failed(f"{len(late):,} of {count:,} timers fired")
    return Lateness(
        tick_seconds=tick_seconds,
        fired=len(late),
        p50_seconds=percentile(late, 0.5),
        p99_seconds=percentile(late, 0.99),
        worst_seconds=max(late),
    )
