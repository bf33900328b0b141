"""A finding: one thing that was looked at, how it is, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: a fault keeps messages from leaving, a warning may come to do so."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, in a word or two; how it is, in a sentence; and what helps, unless it is well."""

    subject: str
    level: Level
    says: str
    advice: str | None = None


def well(subject: str, says: str) -> Finding:
    """All is as it should be."""
    return Finding(subject=subject, level=Level.OK, says=says)


def warning(subject: str, says: str, advice: str) -> Finding:
    """It works now, and may not for long."""
    return Finding(subject=subject, level=Level.WARNING, says=says, advice=advice)


def fault(subject: str, says: str, advice: str) -> Finding:
    """Messages do not leave."""
    return Finding(subject=subject, level=Level.FAULT, says=says, advice=advice)
