"""A safety rule: what must not happen, where the code sees to it, and how a test can do without it.

A rule is switched off by giving a scenario a subclass of the very class that keeps it, from which the rule is missing.
The product has no such switch. The scenario holds with the class as it is, and is violated with the subclass: so a rule
that somebody removes makes a test fail, and a scenario that would never notice fails, too.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Violated(AssertionError):
    """Something was lost, doubled or torn; the message says what."""


def require(is_kept: object, otherwise: str) -> None:
    """Raise Violated, unless it is so."""
    if not is_kept:
        raise Violated(otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a scenario may use: a folder of its own, and a broker when it asked for one."""

    home: Path
    bootstrap_servers: str = ""


Scenario = Callable[[Any, Place], Awaitable[None]]
"""Takes the class that keeps the rule, or the one without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`kept_by` is the class, and `at` its attribute, in which the rule lives; `without` is that class without it."""

    says: str
    kept_by: type
    at: str
    without: type
    scenario: Scenario
    needs_broker: bool = False

    @property
    def lives_in(self) -> str:
        """Module, class and attribute."""
        return f"{self.kept_by.__module__}.{self.kept_by.__qualname__}.{self.at}"

    @property
    def name(self) -> str:
        """The rule in a test's id."""
        return self.says.replace(" ", "_")
