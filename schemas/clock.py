"""Instants: aware datetimes in UTC, and the milliseconds that Kafka keeps."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TWO_DIGITS = tuple(f"{number:02d}" for number in range(60))


def to_millis(instant: datetime) -> int:
    """Milliseconds since 1970, rounded down: of the three parts of a timedelta only the days may be negative."""
    since = instant - _EPOCH
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def sortable(millis: int) -> str:
    """Milliseconds since 1970 as fifteen digits, as they stand in keys: the order of such texts is that of time."""
    return str(millis).zfill(15)


def from_millis(millis: int) -> datetime:
    """The instant of a Kafka timestamp."""
    return _EPOCH + millis * _MILLISECOND


def rfc3339(instant: datetime) -> str:
    """The instant in UTC as RFC 3339 text, without a fraction where there is none.

    Most are of whole seconds in our millennia, and put together here in a third of the time that `isoformat` takes.
    """
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    if instant.microsecond or instant.year < 1000:
        return f"{instant.isoformat()[:-6]}Z"
    two = _TWO_DIGITS
    day = f"{instant.year}-{two[instant.month]}-{two[instant.day]}"
    return f"{day}T{two[instant.hour]}:{two[instant.minute]}:{two[instant.second]}Z"
