"""The few statistics that the benchmarks need, so that every table means the same by its words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One measured stretch of one run: so many events, and what they took; the broker's own time is apart."""

    events: float
    wall_seconds: float
    cpu_seconds: float
    broker_cpu_seconds: float

    @property
    def cpu_micros(self) -> float:
        """CPU of the process tree per event, in microseconds."""
        return self.cpu_seconds / self.events * 1e6

    @property
    def broker_micros(self) -> float:
        """CPU of the broker per event, in microseconds."""
        return self.broker_cpu_seconds / self.events * 1e6

    @property
    def events_per_second(self) -> float:
        """By the clock on the wall, beside a broker on the same machine."""
        return self.events / self.wall_seconds

    @property
    def events_per_core_second(self) -> float:
        """What one core would do if it did nothing else."""
        return self.events / self.cpu_seconds


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the two in the middle."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values, so no median")
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share (0 to 1) of all values does not exceed."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values, so no percentile")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median over the rounds of ours / theirs: both halves of each ratio were measured side by side."""
    return median([one / other for one, other in zip(ours, theirs, strict=True)])
