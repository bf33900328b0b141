"""What became of dead letters: the letters of the topic put together with their replays."""

from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum

from schemas import wire
from schemas.dead_letter import DeadLetter, Replay
from schemas.faults import Unreadable
from schemas.topics import DEAD_LETTERS
from streams.client import read_to_end
from tidings.config import Kafka


class Fate(StrEnum):
    """Where a dead letter stands."""

    OPEN = "open"
    REPLAYED = "replayed"
    REFUSED_AGAIN = "refused_again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A dead letter with all its replays, oldest first; `successor` is the letter that its last replay became."""

    letter: DeadLetter
    replays: tuple[Replay, ...] = ()
    successor: DeadLetter | None = None

    @property
    def fate(self) -> Fate:
        """Open until it was replayed; a replay that was refused again is a letter of its own."""
        if not self.replays:
            return Fate.OPEN
        return Fate.REFUSED_AGAIN if self.successor else Fate.REPLAYED


def filed(records: Iterable[object]) -> tuple[Filed, ...]:
    """The letters among the records of topic `dead-letters`, oldest first.

    A worker that crashed at the wrong moment sets a record aside twice: one id, one letter.
    """
    letters: dict[str, DeadLetter] = {}
    replays: dict[str, list[Replay]] = {}
    for record in records:
        if isinstance(record, DeadLetter):
            letters.setdefault(record.id, record)
        elif isinstance(record, Replay):
            replays.setdefault(record.letter, []).append(record)
    together = []
    for letter in sorted(letters.values(), key=lambda each: (each.at, each.id)):
        replayed = tuple(sorted(replays.get(letter.id, ()), key=lambda each: each.at))
        successor = _successor(letter, replayed[-1], letters) if replayed else None
        together.append(Filed(letter=letter, replays=replayed, successor=successor))
    return tuple(together)


def _successor(letter: DeadLetter, replay: Replay, letters: Mapping[str, DeadLetter]) -> DeadLetter | None:
    """The letter that a replay became: of a record, one at its place; of a timer, one of a later tick with its key."""
    if letter.timer is None:
        return letters.get(replay.place)
    same = (
        each
        for each in letters.values()
        if (each.stage, each.partition, each.key) == (letter.stage, letter.partition, letter.key)
        and each.timer is not None
        and each.offset > replay.offset
    )
    return min(same, key=lambda each: each.offset, default=None)


async def read(kafka: Kafka) -> tuple[Filed, ...]:
    """All dead letters of an installation; what stands on the topic and is none of ours is passed over."""
    records = []
    async with aclosing(read_to_end(kafka, DEAD_LETTERS)) as stored_records:
        async for stored in stored_records:
            try:
                records.append(wire.decode(DEAD_LETTERS, stored.key, stored.value, stored.headers))
            except Unreadable:
                continue
    return filed(records)


async def letter_of(kafka: Kafka, tenant: str, event_id: str) -> DeadLetter | None:
    """The newest dead letter of an event that nobody has replayed; None where there is none."""
    letters = [each.letter for each in await read(kafka) if each.fate is Fate.OPEN]
    ours = [each for each in letters if (each.tenant, each.event_id) == (tenant, event_id)]
    return ours[-1] if ours else None
