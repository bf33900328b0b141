"""Faults: what is done to a trial, in an order that a seed decides."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.chaos.seams import Seam
from tests.chaos.worker import Membership


class Kind(StrEnum):
    """What is done."""

    KILL = "kill -9"
    KILL_TWICE = "kill -9, and again while it recovers"
    KILL_BOTH = "kill -9 of both workers"
    KILL_AND_WIPE = "kill -9, and the disk is lost"
    SEAM = "kill -9 at a seam"
    FREEZE = "SIGSTOP past the session, meanwhile kill -9 of the other"
    JOIN_AND_LEAVE = "a third worker joins and leaves, then kill -9 of another"
    BROKER = "kill -9 of the broker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One of them; `seam` says where, for those at a seam."""

    kind: Kind
    seam: Seam | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.seam}" if self.seam else str(self.kind)


SEAMS = tuple(Fault(kind=Kind.SEAM, seam=seam) for seam in Seam if seam.is_of_the_product)
TORN = Fault(kind=Kind.SEAM, seam=Seam.TORN_UNIT)

_ROUNDS: dict[Membership, tuple[tuple[Fault, ...], ...]] = {
    Membership.STATIC: (
        (*SEAMS[2:4], Fault(kind=Kind.KILL), Fault(kind=Kind.KILL_AND_WIPE)),
        tuple(Fault(kind=kind) for kind in (Kind.FREEZE, Kind.KILL_TWICE, Kind.KILL_BOTH, Kind.BROKER)),
        (*SEAMS, Fault(kind=Kind.JOIN_AND_LEAVE)),
    ),
    # Each kill of a dynamic member stops its group for the session time-out, so there are fewer.
    Membership.DYNAMIC: (
        (Fault(kind=Kind.KILL), Fault(kind=Kind.JOIN_AND_LEAVE)),
        (Fault(kind=Kind.KILL_BOTH), Fault(kind=Kind.FREEZE)),
        (Fault(kind=Kind.BROKER),),
        (Fault(kind=Kind.JOIN_AND_LEAVE), Fault(kind=Kind.KILL_AND_WIPE), *SEAMS[2:5]),
    ),
}


def faults(membership: Membership, lots: random.Random) -> Iterator[Fault]:
    """Rounds without end, each shuffled; the first ones serve a run that is short."""
    while True:
        for each in _ROUNDS[membership]:
            yield from shuffled(each, lots)


def shuffled(faults: Sequence[Fault], lots: random.Random) -> list[Fault]:
    """In an order by lot."""
    return lots.sample(list(faults), len(faults))
