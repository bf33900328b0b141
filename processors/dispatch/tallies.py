"""Tallies: what one person got of a category at one address, by calendar day and ISO week of that person's clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from processors.dispatch.tables import TALLIES
from processors.effects import Effect, Put, Tables, row_key
from processors.local_time import on_wall_clock
from schemas.candidate import Candidate
from schemas.settings import Settings
from schemas.state import Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many messages have left in one period, and how many may; `per` is the cap's key."""

    row: str
    per: str
    period: str
    count: int
    limit: int | None


def tallies(candidate: Candidate, now: datetime, settings: Settings, tables: Tables) -> tuple[Tally, ...]:
    """The tallies of this day and week; none for a category without caps."""
    cap = settings.caps.get(candidate.category)
    if cap is None:
        return ()
    local = on_wall_clock(now, candidate.recipient.timezone or settings.timezone)
    year, week, _ = local.isocalendar()
    person = candidate.recipient.contact or candidate.recipient.staff or ""
    found = []
    limits = (("per_day", local.date().isoformat(), cap.per_day), ("per_week", f"{year}-W{week:02d}", cap.per_week))
    for per, period, limit in limits:
        row = row_key(candidate.key, person, candidate.category, period)
        counted = tables.get(TALLIES, row)
        found.append(Tally(row=row, per=per, period=period, count=counted.count if counted else 0, limit=limit))
    return tuple(found)


def count_up(counted: tuple[Tally, ...]) -> Iterator[Effect]:
    """One more message leaves."""
    for tally in counted:
        yield Put(table=TALLIES, key=tally.row, value=Counted(count=tally.count + 1))
