"""What a caller may show while the broker is being prepared."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One step of the preparation; `total` is 0 where there is nothing to count."""

    sentence: str
    done: int = 0
    total: int = 0


OnProgress = Callable[[Progress], None]


def unseen(_: Progress) -> None:
    """Shows nothing."""
