"""What is wrong with an input, said so that whoever sent it can mend it.

Refused                 an input that breaks the contract; carries one Fault per thing that is wrong
└── Unreadable          bytes of Kafka that are no record of ours
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

MOST_TOLD = 100
"""So many faults of one place are named; of more, that there are more. What is mended is read again anyhow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong: where (dotted path, `""` for the whole) and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


def told(faults: Iterable[Fault], path: str = "") -> list[Fault]:
    """The faults of one place, as many as anybody reads; what it costs to put them into words has a bound."""
    left = iter(faults)
    first = list(islice(left, MOST_TOLD))
    if next(left, None) is not None:
        first.append(Fault(path=path, reason=f"has more faults than these {MOST_TOLD}"))
    return first


class Refused(ValueError):
    """An input that breaks the contract; `tenant`, `type` and `event_id` as far as they could be read."""

    def __init__(
        self,
        *faults: Fault,
        tenant: str | None = None,
        type: str | None = None,  # noqa: A002  # the envelope's own word
        event_id: str | None = None,
    ) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults
        self.tenant = tenant
        self.type = type
        self.event_id = event_id


class Unreadable(Refused):
    """Bytes of Kafka that cannot be decoded."""
