"""The storm: which misfortune strikes where and when, drawn from one seed, until all is healed."""

from dataclasses import dataclass, field
from random import Random

from tests.simulation.loop import now

PACE = 5.0
"""One second of a world stands for so many of the product's limits: those of its polls that are idle cost the most."""
SESSION_SECONDS = 6.0 / PACE
"""After so long without a heartbeat a member's partitions are given to others."""
RESTART_SECONDS = 0.4 / PACE
FREEZES_SECONDS = tuple(seconds / PACE for seconds in (0.5, 2.5, 5.0, 9.0, 12.0))
CUTS_SECONDS = tuple(seconds / PACE for seconds in (0.5, 3.0, 8.0, 10.0))


@dataclass(slots=True, kw_only=True)
class Odds:
    """How probable each misfortune is at one seam."""

    kill: float = 0.0
    freeze: float = 0.0
    cut: float = 0.0
    failed_send: float = 0.0
    slow: float = 0.1


@dataclass(slots=True, kw_only=True, eq=False)
class Storm:
    """One seed's luck. `faults` is what struck, in order, for whoever has to understand a failing seed."""

    rng: Random
    odds: Odds
    is_traced: bool = False
    is_over: bool = False
    faults: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def strikes(self, probability: float) -> bool:
        """Whether a misfortune of this probability happens now."""
        return not self.is_over and self.rng.random() < probability

    def fault(self, text: str) -> None:
        """Remember what struck."""
        line = f"{now():8.3f}  !! {text}"
        self.faults.append(line)
        self.steps.append(line)

    def step(self, text: str) -> None:
        """Remember what happened, when somebody wants to read it."""
        if self.is_traced:
            self.steps.append(f"{now():8.3f}  {text}")

    def latency_seconds(self) -> float:
        """How long the network takes this time."""
        rng = self.rng
        if rng.random() < self.odds.slow:
            return rng.random() * 0.12
        return rng.random() * 0.004


def odds_of(rng: Random) -> Odds:
    """Each world has weather of its own: one or two kinds of misfortune prevail, and a few worlds have none."""
    most = {"kill": 0.05, "freeze": 0.02, "cut": 0.03, "failed_send": 0.02}
    prevailing = rng.sample(sorted(most), rng.choice((0, 1, 1, 2, 3)))
    struck = {name: most[name] * (0.2 + 0.8 * rng.random()) for name in prevailing}
    return Odds(**struck, slow=rng.choice((0.02, 0.1, 0.3)))
