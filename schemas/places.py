"""What is kept of allowances: the places that messages take, and who asked for one; the layout is state on disk."""

from dataclasses import dataclass
from datetime import datetime

from schemas.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place of an allowance; `is_asking`: whether its message may leave is up to its tenant's purse."""

    message_id: str
    at: datetime
    is_asking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The places of one recipient and category that are taken; those of the weeks before are forgotten."""

    taken: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A message that asked for a place in the row `places`; `is_over`: it left, or was dropped."""

    at: datetime
    places: str
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A message that waits until it is known whether one that asks its tenant's purse takes the last place."""

    message: Message
    since: datetime
