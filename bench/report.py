"""The report: each scenario's figures as a table, and the goals they are held against."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.contest import OURS, QUIX, QUIX_ONCE, STOCK, Engine, Result
from bench.figures import median, paired_ratio
from bench.latency import Latency
from bench.real import Work
from bench.table import shown, table
from bench.timers import Lateness, Starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One goal: what it is about, the limit, what was found and whether that is good enough."""

    name: str
    limit: str
    found: str
    is_met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One scenario's part of the report."""

    title: str
    text: str
    goals: tuple[Goal, ...] = field(default=())


def contest(results: Sequence[Result]) -> Part:
    """The contest; ratios are medians of the rounds' own ratios."""
    heads = ("engine", "timers", "CPU µs", "min to max", "events/s a core", "events/s wall", "broker µs", "ours is")
    rows = [_row(each, _ours(results, each)) for each in results]
    return Part(title="The same job, in turns", text=table(heads, rows), goals=_contest_goals(results))


def timers(starts: Starts, found: Sequence[Lateness]) -> Part:
    """Recovery and timers."""
    started = table(
        ("a worker starts with", "records", "seconds until ready"),
        [
            ("nothing to recover", 0, starts.nothing_seconds),
            ("an empty disk", starts.records, starts.empty_disk_seconds),
            ("its disk", starts.records, starts.disk_seconds),
        ],
    )
    late = table(
        ("a tick each", "fired", "late p50 s", "late p99 s", "late at worst s"),
        [
            (f"{each.tick_seconds} s", each.fired, each.p50_seconds, each.p99_seconds, each.worst_seconds)
            for each in found
        ],
    )
    recovery_seconds = starts.empty_disk_seconds - starts.nothing_seconds
    goals = [_at_most(f"recovery of {starts.records:,} records", 10.0, recovery_seconds, "s")]
    goals += [
        _at_most(f"timers late, p99, a tick each {each.tick_seconds} s", 2.0, each.p99_seconds, "s") for each in found
    ]
    return Part(title="Recovery and timers", text=f"{started}\n\n{late}", goals=tuple(goals))


def latency(found: Sequence[Latency]) -> Part:
    """Latency at steady rates."""
    rows = [(each.per_second, each.events, each.p50_millis, each.p99_millis, each.worst_millis) for each in found]
    goals = tuple(
        _at_most(f"latency at {each.per_second}/s, p99", 200.0, each.p99_millis, "ms")
        for each in found
        if each.per_second == 50
    )
    heads = ("events/s", "events", "p50 ms", "p99 ms", "worst ms")
    return Part(title="Latency of a stage, append to append", text=table(heads, rows), goals=goals)


def real(works: Sequence[Work]) -> Part:
    """The real stages."""
    rows = []
    for work in works:
        micros = [sample.cpu_micros for sample in work.samples]
        rows.append((work.name, median(micros), _spread(micros), 1e6 / median(micros)))
    heads = ("work", "CPU µs", "min to max", "records/s a core")
    return Part(title="The real stages, for honesty", text=table(heads, rows))


def goals_table(goals: Sequence[Goal]) -> str:
    """All goals."""
    rows = [(goal.name, goal.limit, goal.found, "yes" if goal.is_met else "NO") for goal in goals]
    return table(("goal", "limit", "found", "met"), rows)


def _row(result: Result, ours: Result) -> tuple[object, ...]:
    micros = [sample.cpu_micros for sample in result.samples]
    faster = paired_ratio(micros, [sample.cpu_micros for sample in ours.samples])
    return (
        result.engine.name,
        result.timers,
        median(micros),
        _spread(micros),
        1e6 / median(micros),
        median([sample.events_per_second for sample in result.samples]),
        median([sample.broker_micros for sample in result.samples]),
        "" if result.engine.script is None else f"{shown(faster)} ×",
    )


def _ours(results: Sequence[Result], beside: Result) -> Result:
    return _find(results, OURS, beside.timers)


def _find(results: Sequence[Result], engine: Engine, timers: int) -> Result:
    return next(each for each in results if each.engine == engine and each.timers == timers)


def _contest_goals(results: Sequence[Result]) -> tuple[Goal, ...]:
    def micros(engine: Engine) -> list[float]:
        return [sample.cpu_micros for sample in _find(results, engine, 0).samples]

    per_core = 1e6 / median(micros(OURS))
    goals = [_at_least("events/s a core, 1 put + 1 forward", 30_000, per_core)]
    goals += [
        _at_least(f"times as fast as {engine.name}", limit, paired_ratio(micros(engine), micros(OURS)))
        for engine, limit in ((QUIX, 1.5), (QUIX_ONCE, 1.5), (STOCK, 8.0))
    ]
    return tuple(goals)


def _spread(values: Sequence[float]) -> str:
    return f"{shown(min(values))} to {shown(max(values))}"


def _at_most(name: str, limit: float, found: float, unit: str) -> Goal:
    return Goal(name=name, limit=f"≤ {limit:g} {unit}", found=f"{shown(found)} {unit}", is_met=found <= limit)


def _at_least(name: str, limit: float, found: float) -> Goal:
    return Goal(name=name, limit=f"≥ {limit:,g}", found=shown(found), is_met=found >= limit)
