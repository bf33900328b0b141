"""The laws of caps and credits: nobody gets more than a cap, no place or credit is lost, and the oldest comes first.

They look at what was said, and at the rows that a worker with an empty disk would have when all is over.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from processors.credit.tables import PURSES, RELEASED, UNPAID
from processors.decide.tables import PLACES, QUEUED
from processors.effects import Table
from processors.local_time import on_wall_clock
from processors.reporting import FOLDED
from processors.status import NEVER_LEFT
from schemas import codec
from schemas.billing import PaidBy
from schemas.decision import Decision
from schemas.message import Message
from schemas.places import Places
from schemas.purse import Purse
from schemas.state import Folded
from schemas.topics import COMMANDS, DECISIONS, PARTITIONS
from schemas.words import Outcome
from streams.client import partition_of
from streams.journal import is_void
from streams.stage import Stage
from tests.simulation.broker import Broker, Stored
from tests.simulation.replay import Replay, replay, rows_after_recovery
from tests.simulation.worker import changelog
from tidings.memory.partition import StagePartition

R = TypeVar("R")
_NUMBERS = range(PARTITIONS)
_COMMANDS = tuple(topic.name for topic in COMMANDS)
Caps = Mapping[str, Mapping[str, int]]
"""What settings give of each category that is limited, `per_day` and `per_week`."""
_OVER = (Outcome.SENT, Outcome.DROPPED, Outcome.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What the laws compare."""

    decisions: Sequence[Decision]
    commands: Mapping[str, Message]
    leaving: Sequence[str]
    """The messages that have a place, in the order in which they got it and left."""
    folded: Mapping[str, Folded]
    places: Mapping[str, Places]
    queued: int
    credits: int
    waiting: int


def shop_laws(
    broker: Broker, stages: Sequence[Stage], shared: Mapping[str, dict[str, object]], caps: Caps, sold: int
) -> Iterator[str]:
    """What is broken; `sold` credits were bought over all."""
    [decide, credit, settle] = [stage for stage in stages if stage.name in ("decide", "credit", "settle")]
    books = Books(
        decisions=list(_records(broker, (DECISIONS.name,), Decision)),
        commands={each.message_id: each for each in _records(broker, _COMMANDS, Message)},
        leaving=list(_leaving(broker, decide, shared)),
        folded=_rows(broker, settle, FOLDED),
        places=_rows(broker, decide, PLACES),
        queued=len(_rows(broker, decide, QUEUED)),
        credits=sum(purse.credits for purse in _rows(broker, credit, PURSES).values()),
        waiting=len(_rows(broker, credit, UNPAID)) + len(_rows(broker, credit, RELEASED)),
    )
    yield from _decision_laws(books)
    yield from _cap_laws(books, caps)
    yield from _place_laws(books)
    yield from _credit_laws(books, sold)
    yield from _purse_laws(broker, credit)
    watched = _Line(credit, partition_of(b"pantry|", PARTITIONS), broker, StagePartition(credit, shared))
    watched.run()
    yield from watched.jumped


def _decision_laws(books: Books) -> Iterator[str]:
    """Each message has one end, its decisions are numbered without a gap, and a number says one thing."""
    told: defaultdict[str, dict[int, set[tuple[str, str | None]]]] = defaultdict(lambda: defaultdict(set))
    for decision in books.decisions:
        if decision.message_id is not None and decision.number is not None:
            told[decision.message_id][decision.number].add((decision.outcome, decision.reason))
    for name, numbers in told.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            yield f"{name} has the decisions {sorted(numbers)}"
        if any(len(says) > 1 for says in numbers.values()):
            yield f"{name} was decided on in two ways: {dict(numbers)}"
        [(last, _), *_] = numbers[max(numbers)]
        if last not in _OVER:
            yield f"{name} has no end: it is {last}"
        if (last == Outcome.SENT) != (name in books.commands):
            yield f"{name} is {last}, and {'was' if name in books.commands else 'was not'} commanded"


def _cap_laws(books: Books, caps: Caps) -> Iterator[str]:
    """Whenever a message leaves there is room for it beside those that left before, by the clock it has.

    The order matters: in between a contact may move to another zone, where what left on two days left on one.
    """
    left: defaultdict[tuple[str | None, str], list[Message]] = defaultdict(list)
    for message in (books.commands[name] for name in books.leaving if name in books.commands):
        earlier, allowance = left[message.contact, message.category], message.allowance
        if allowance is None or not _has_left(message, books):
            continue
        earlier.append(message)
        for per, period in _PERIODS.items():
            of_now, limit = period(message.commanded_at, allowance.timezone), caps[message.category][per]
            inside = [each for each in earlier if period(each.commanded_at, allowance.timezone) == of_now]
            if len(inside) > limit:
                yield f"{message.contact} got {len(inside)} of {message.category} in {of_now}, and {limit} is the cap"


def _place_laws(books: Books) -> Iterator[str]:
    """In the end places are taken by what left and by nothing else, and nobody queues for one."""
    taken = {place.message_id for row in books.places.values() for place in row.taken}
    wanted = {
        each.message_id for each in books.commands.values() if each.allowance is not None and _has_left(each, books)
    }
    if taken - wanted:
        yield f"places are lost to {taken - wanted}, which did not leave"
    oldest = min((place.at for row in books.places.values() for place in row.taken), default=None)
    unplaced = {name for name in wanted - taken if oldest is not None and books.commands[name].commanded_at > oldest}
    if unplaced:
        yield f"{unplaced} left and take no place"
    if books.queued:
        yield f"{books.queued} messages queue for a place for ever"


def _credit_laws(books: Books, sold: int) -> Iterator[str]:
    """What was bought is in the purse, or some billed text took it."""
    billed = [row.status.charge for row in books.folded.values() if row.billed and row.status.charge is not None]
    used = sum(charge.units for charge in billed if charge.paid_by is PaidBy.CREDITS)
    if books.credits != sold - used:
        yield f"{sold} credits were bought, {used} were used, and {books.credits} are left"
    if books.waiting:
        yield f"{books.waiting} texts wait for credits, and there are {books.credits}"


def _purse_laws(broker: Broker, credit: Stage) -> Iterator[str]:
    """At no time there is less than nothing in a purse."""
    code = bytes([credit.tables.index(PURSES)])
    for record in (each for number in _NUMBERS for each in broker.history[changelog(credit.name), number]):
        if record.key is not None and record.key.startswith(code) and record.value is not None and not is_void(record):
            purse = codec.decode(record.value)
            assert isinstance(purse, Purse)
            if purse.credits < 0:
                yield f"there were {purse.credits} credits in a purse"


@dataclass(slots=True)
class _Line(Replay):
    """Does again what the purse did, and looks whether anybody is released before who waits longer."""

    jumped: list[str] = field(default_factory=list)

    def _apply(self, source: Stored) -> None:
        waited = {row.rpartition("\0")[2]: row for row in self.state.rows(UNPAID.name)}
        before = set(self.state.rows(RELEASED.name))
        Replay._apply(self, source)
        now_released = {row.rpartition("\0")[2] for row in set(self.state.rows(RELEASED.name)) - before}
        places = [waited[name] for name in now_released if name in waited]
        if places and min(self.state.rows(UNPAID.name), default="\x7f") < max(places):
            self.jumped.append(f"{max(places)!r} was released before what waited longer")


def _has_left(message: Message, books: Books) -> bool:
    row = books.folded.get(message.message_id)
    return row is not None and row.status.status not in NEVER_LEFT


def _day(at: datetime, timezone: str) -> date:
    return on_wall_clock(at, timezone).date()


def _week(at: datetime, timezone: str) -> tuple[int, int]:
    year, week, _ = on_wall_clock(at, timezone).isocalendar()
    return year, week


_PERIODS: Mapping[str, Callable[[datetime, str], object]] = {"per_day": _day, "per_week": _week}


def _leaving(broker: Broker, decide: Stage, shared: Mapping[str, dict[str, object]]) -> Iterator[str]:
    """What decide let leave, first to last; all of one contact is decided in one partition."""
    for number in _NUMBERS:
        for said in replay(decide, number, broker, shared).said:
            if said.topic in _COMMANDS and isinstance(message := codec.decode(said.value), Message):
                yield message.message_id


def _records(broker: Broker, topics: Sequence[str], record_class: type[R]) -> Iterator[R]:
    for topic in topics:
        for number in _NUMBERS:
            for record in broker.history.get((topic, number), ()):
                decoded = codec.decode(record.value or b"")
                if isinstance(decoded, record_class):
                    yield decoded


def _rows(broker: Broker, stage: Stage, table: Table[Any]) -> dict[str, Any]:
    code = bytes([stage.tables.index(table)])
    return {
        key[1:].decode(): codec.decode(value)
        for number in _NUMBERS
        for key, value in rows_after_recovery(broker, stage, number).items()
        if key.startswith(code)
    }
