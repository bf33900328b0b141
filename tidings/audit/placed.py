"""A record as an audit reads it: what it says, when, and where it stands."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A decoded record, its time, and where it stands; None as value is a record that cannot be read."""

    value: object
    at: datetime
    topic: str
    partition: int
    offset: int
    key: str = ""

    @property
    def place(self) -> str:
        """`topic/partition/offset`."""
        return f"{self.topic}/{self.partition}/{self.offset}"
