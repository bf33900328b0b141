"""What an audit may expect to find: how new a thing must not be, and how old a record may be and still be there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.topics import Topic

MARGIN = timedelta(days=1)
"""Retention removes whole segments, late or a little early by our clock."""

PATIENCE = timedelta(days=3)
"""How long after its month an invoice may come: workers may have stood still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """`now`, and the instant up to which everything must have settled."""

    now: datetime
    settled: datetime

    def is_on_its_way(self, at: datetime) -> bool:
        """Whether what follows from a record of this time may still come."""
        return at > self.settled

    def is_kept(self, topic: Topic, at: datetime) -> bool:
        """Whether a record of this time must still stand on the topic."""
        return topic.retention is None or at > self.now - topic.retention + MARGIN
