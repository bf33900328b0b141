"""What an audit comes to: counts of both sides of each law, and every difference between them with its ids."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

KEPT = 10_000
"""Differences that are kept with their ids; more are only counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that one side has and the other has not; `subject` is what it is about, such as `message m1`.

    `is_repeat`: the same record stands twice, as a crash may leave it; whoever takes ids once loses nothing by it.
    """

    law: int
    subject: str
    says: str
    is_repeat: bool = False

    def __str__(self) -> str:
        return f"law {self.law}, {self.subject}: {self.says}"


@dataclass(slots=True, kw_only=True)
class Findings:
    """Counts by law and name, sums of money by name and currency, and the differences."""

    counts: defaultdict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    sums: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    differences: list[Difference] = field(default_factory=list)
    found: int = 0

    def count(self, law: int, name: str, number: int = 1) -> None:
        """Add to one side."""
        self.counts[law][name] += number

    def add(self, name: str, currency: str, amount: Decimal) -> None:
        """Add money to one side of law 6."""
        sums: Counter[str] = self.sums[name]
        sums[currency] += amount  # type: ignore[assignment]  # a Counter adds decimals as well

    def differ(self, law: int, subject: str, says: str, *, is_repeat: bool = False) -> None:
        """Name a difference."""
        self.found += 1
        if len(self.differences) < KEPT:
            self.differences.append(Difference(law=law, subject=subject, says=says, is_repeat=is_repeat))
