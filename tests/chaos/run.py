"""A run: a broker, the trials one after another, the controls, and the laws over all of it."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.chaos.broker import Broker
from tests.chaos.plan import SHORT_BELOW_SECONDS, controls, trials
from tests.chaos.trial import run_trial
from tests.chaos.verdict import Findings, broken_laws
from tests.chaos.worker import Membership

FULL_SECONDS = 300.0
"""From here on a run has to reach the goals below."""

GOALS: Mapping[str, int] = {"kills": 30, "rebalances": 10, "freezes": 3, "broker_kills": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How soon after a kill the victims' partitions must answer again, on a machine that has nothing else to do."""

    static_seconds: float = 5.0
    dynamic_seconds: float = 15.0

    def of(self, trial: str) -> float:
        """The limit for a trial by its name."""
        return self.static_seconds if trial.startswith(Membership.STATIC) else self.dynamic_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a run showed; it is passed when no law is broken."""

    seconds: float
    seed: int
    load_before: float
    load_after: float
    trials: tuple[Findings, ...]
    controls: tuple[Findings, ...]
    broker_kills: int
    broken: tuple[str, ...] = ()

    def count(self, what: str) -> int:
        """How many kills, rebalances, freezes or broker_kills the product went through."""
        return self.broker_kills if what == "broker_kills" else sum(getattr(found, what) for found in self.trials)


async def run(home: Path, *, seconds: float, seed: int, limits: Limits) -> Report:
    """Faults are committed for `seconds` in all; starting, draining and the controls come on top."""
    load_before = os.getloadavg()[0]
    broker = Broker(home / "kafka")
    try:
        await broker.start()
        tried = await _trials(broker, home, seconds, seed)
    finally:
        broker.close()
    plain, lost = tried
    report = Report(
        seconds=seconds,
        seed=seed,
        load_before=load_before,
        load_after=os.getloadavg()[0],
        trials=plain,
        controls=lost,
        broker_kills=broker.kills,
    )
    return _judged(report, limits)


async def _trials(
    broker: Broker, home: Path, seconds: float, seed: int
) -> tuple[tuple[Findings, ...], tuple[Findings, ...]]:
    plain = [run_trial(trial, broker, _home_of(home, trial.name), seed) for trial in trials(seconds, seed)]
    lost = [run_trial(trial, broker, _home_of(home, trial.name), seed) for trial in controls(seconds)]
    if seconds >= SHORT_BELOW_SECONDS:
        found = [await each for each in plain]
        return tuple(found), tuple(await asyncio.gather(*lost))
    # A short run has no time to spare: its last trial, mostly waiting for sessions to end, has the controls beside it.
    *first, last = plain
    found = [await each for each in first]
    last_found, *lost_found = await asyncio.gather(last, *lost)
    return (*found, last_found), tuple(lost_found)


def _home_of(home: Path, trial: str) -> Path:
    own = home / trial.replace(" ", "-")
    own.mkdir(parents=True)
    return own


def _judged(report: Report, limits: Limits) -> Report:
    broken = list[str]()
    for found in report.trials:
        broken += broken_laws(found, resumes_within_seconds=limits.of(found.trial))
    for found in report.controls:
        if not found.missing:
            broken.append(f"{found.trial}: lost nothing after {found.kills} kills, so this run proves little")
    broken += _missed_goals(report)
    return replace(report, broken=tuple(broken))


def _missed_goals(report: Report) -> Iterator[str]:
    if report.seconds >= FULL_SECONDS:
        for what, goal in GOALS.items():
            if report.count(what) < goal:
                yield f"there were {report.count(what)} {what.replace('_', ' ')}, not {goal}"
