"""The plan of a run: which trials, in which order, and for how long each."""

import random
from collections.abc import Iterator
from itertools import cycle

from tests.chaos.faults import TORN, Fault, Kind, faults
from tests.chaos.stage import Dedup
from tests.chaos.trial import Trial
from tests.chaos.worker import Membership, Protocol

RATE = 100.0
SHORT_BELOW_SECONDS = 120.0
_CONTROL_SECONDS = 25.0
_CONTROL_QUIET_SECONDS = 5.0
_STATIC_SHARE = 0.6


def trials(seconds: float, seed: int) -> Iterator[Trial]:
    """The product under both memberships and both forms of dedup; a short run has one form for each."""
    is_short = seconds < SHORT_BELOW_SECONDS
    for membership, share in ((Membership.STATIC, _STATIC_SHARE), (Membership.DYNAMIC, 1 - _STATIC_SHARE)):
        either = Dedup.NAIVE if membership is Membership.STATIC else Dedup.AWARE
        forms = (either,) if is_short else tuple(Dedup)
        for dedup in forms:
            name = f"{membership} {dedup}"
            yield Trial(
                name=name,
                faults=faults(membership, random.Random(f"{name} {seed}")),
                seconds=seconds * share / len(forms),
                rate=RATE,
                membership=membership,
                stages=(dedup,),
            )


def controls(seconds: float) -> Iterator[Trial]:
    """What has to lose: a unit that is torn, for certain, and stock Faust, which needs some kills and so a long run."""
    yield Trial(
        name="control torn",
        faults=iter((TORN,)),
        seconds=seconds,
        rate=RATE,
        workers=("w1",),
        protocol=Protocol.TORN,
        stages=(Dedup.NAIVE,),
        quiet_seconds=_CONTROL_QUIET_SECONDS,
    )
    if seconds >= SHORT_BELOW_SECONDS:
        yield Trial(
            name="control stock",
            faults=cycle((Fault(kind=Kind.KILL), Fault(kind=Kind.KILL_BOTH))),
            seconds=_CONTROL_SECONDS,
            rate=RATE,
            module="tests.chaos.stock_worker",
            stages=(Dedup.NAIVE,),
            quiet_seconds=_CONTROL_QUIET_SECONDS,
        )
