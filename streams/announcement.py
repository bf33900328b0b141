"""Announcements: before a unit says anything, the changelog says which records it is about to perform.

The log of each source has an order, and that between two sources is made by whoever performs them. What a unit says
stands in Kafka before its state does; a crash in between would let the next worker take another source first, and then
say something else: that a reminder is cancelled which has left already. So it takes first what was announced, and what
has been said is said again, word for word.
"""

from dataclasses import dataclass
from struct import Struct

_END = Struct(">q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """The records of a source `topic` up to `end`, which come before those of any other source."""

    topic: str
    end: int

    def encode(self) -> bytes:
        """As it is stored."""
        return _END.pack(self.end) + self.topic.encode()


def decode(stored: bytes) -> Announcement:
    """What `encode` made."""
    [end] = _END.unpack(stored[: _END.size])
    return Announcement(topic=stored[_END.size :].decode(), end=end)
