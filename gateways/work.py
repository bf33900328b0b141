"""One message in a gateway's hands, and all that a gateway keeps of one assigned partition."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field

from gateways.ledger import Ledger
from gateways.offsets import Offsets
from schemas.candidate import Withdrawal
from schemas.message import Message
from schemas.verdict import Verdict
from schemas.words import Lane

Mark = tuple[str, int]
"""A source record: topic and offset. It is closed when nothing more needs to be done for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command as it came: where it stood, under which key, and what it says."""

    mark: Mark
    key: str
    command: Message | Withdrawal | Verdict


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """One message between its command, or its timer, and the next thing that the ledger says of it.

    Without a `message` it is a withdrawal of one that is not here. `marks` are the commands that wait for it; those
    that come when it is `is_under_way`, too late to change the step that is taken, are looked at `later`.
    """

    partition: int
    message_id: str
    lane: Lane
    tenant: str
    message: Message | None = None
    is_retried: bool = False
    marks: list[Mark] = field(default_factory=list)
    withdrawal: Withdrawal | None = None
    verdict: Verdict | None = None
    is_under_way: bool = False
    holds_slot: bool = False
    later: list[Order] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a gateway has in hand: messages that wait for a slot, slots in use, and whether the provider rests."""

    waiting: int
    in_flight: int
    is_resting: bool


@dataclass(slots=True, kw_only=True)
class Partition:
    """One assigned partition; `is_closing` from the moment on at which it may be somebody else's soon."""

    number: int
    ledger: Ledger
    offsets: defaultdict[str, Offsets] = field(default_factory=lambda: defaultdict(Offsets))
    jobs: dict[str, Job] = field(default_factory=dict)
    is_closing: bool = False
    is_lost: bool = False
    in_flight: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.idle.set()

    def started(self, count: int) -> None:
        """So many jobs left the lanes."""
        self.in_flight += count
        if self.in_flight:
            self.idle.clear()

    def ended(self) -> None:
        """One job is over."""
        self.in_flight -= 1
        if not self.in_flight:
            self.idle.set()

    def close_marks(self, job: Job) -> None:
        """The commands that waited for this job are done."""
        for topic, offset in job.marks:
            self.offsets[topic].closed(offset)
        job.marks.clear()
