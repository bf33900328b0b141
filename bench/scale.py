"""How much of everything a run does: the full one fits a quarter of an hour, the quick one two minutes."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".bench"
"""Peers' environments and the broker of a run; may be deleted at any time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The sizes of one run."""

    name: str
    rounds: int
    timers: tuple[int, ...]
    """How many timer puts the job has, one variant each."""
    fast_events: int
    """For engines of ten thousand events a second and more."""
    slow_events: int
    window_seconds: float
    """Where an engine is slower than thought, its stretch ends after this time."""
    real_events: int
    recovered: int
    due_per_second: int
    due_seconds: int
    latency_seconds: int


FULL = Scale(
    name="full",
    rounds=3,
    timers=(0, 2),
    fast_events=120_000,
    slow_events=24_000,
    window_seconds=8.0,
    real_events=30_000,
    recovered=1_000_000,
    due_per_second=5_000,
    due_seconds=15,
    latency_seconds=20,
)
QUICK = Scale(
    name="quick",
    rounds=1,
    timers=(0,),
    fast_events=40_000,
    slow_events=6_000,
    window_seconds=3.0,
    real_events=5_000,
    recovered=100_000,
    due_per_second=2_000,
    due_seconds=4,
    latency_seconds=4,
)
