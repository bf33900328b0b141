"""Instants: aware datetimes in UTC, and the milliseconds that Kafka keeps."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_millis(instant: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return (instant - _EPOCH) // _MILLISECOND


def from_millis(millis: int) -> datetime:
    """The instant of a Kafka timestamp."""
    return _EPOCH + millis * _MILLISECOND


def rfc3339(instant: datetime) -> str:
    """The instant in UTC as RFC 3339 text, without a fraction where there is none."""
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    return f"{instant.isoformat()[:-6]}Z"
