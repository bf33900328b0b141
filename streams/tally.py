"""A tally: what a unit of work says about itself, counted in plain numbers and handed over once per unit."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.decision import Decision


@dataclass(slots=True, kw_only=True)
class Tally:
    """Filled by the guard as it performs records; what a record undoes is never counted."""

    decode_seconds: float = 0.0
    function_seconds: float = 0.0
    decided: Counter[tuple[str, str]] = field(default_factory=Counter)
    fired: int = 0
    oldest_due_ms: int | None = None

    def decision(self, decision: Decision) -> None:
        """A stage has decided; a reason's parameter is left out, for it may be anything."""
        self.decided[decision.outcome, (decision.reason or "").partition(":")[0]] += 1

    def timers(self, due_ms: Sequence[int]) -> None:
        """These timers have fired."""
        self.fired += len(due_ms)
        for due in due_ms:
            self.oldest_due_ms = due if self.oldest_due_ms is None else min(self.oldest_due_ms, due)
