"""Wall clocks: from what people write to instants and back, with gaps and folds (contract section 5)."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The IANA zone; raises ZoneInfoNotFoundError for a name that does not exist."""
    return ZoneInfo(name)


@lru_cache(maxsize=1024)
def instant(text: str, timezone: str) -> datetime:
    """The instant of RFC 3339 text, which may write `t` and `z`, or of a local time in `timezone`; in UTC.

    Several kinds count from one and the same field of an event.
    """
    parsed = datetime.fromisoformat(text.upper())
    if parsed.tzinfo is not None:
        return parsed.astimezone(UTC)
    return from_wall_clock(parsed, timezone)


def from_wall_clock(local: datetime, timezone: str) -> datetime:
    """The instant at which the clocks of `timezone` show `local`; in UTC.

    A time that does not exist moves forward by the gap; one that exists twice is the first (contract section 5).
    PEP 495 gives both with `fold=0`: in a gap it uses the offset from before the change, which is the move forward.
    """
    return local.replace(tzinfo=zone(timezone), fold=0).astimezone(UTC)


def on_wall_clock(moment: datetime, timezone: str) -> datetime:
    """What the clocks of `timezone` show at `moment`, with offset."""
    return moment.astimezone(zone(timezone))


def hours_before(moment: datetime, hours: float) -> datetime:
    """Elapsed time: a day ahead is 24 hours, also across a change of the clock."""
    return moment - timedelta(hours=hours)
