"""One thing that happens in the demo, and what has to become of it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """What somebody has to see: a kind of message for a recipient, and the word it ends with.

    The word is a delivery status, or a reason as decisions carry it.
    """

    kind: str | None
    who: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event in structured JSON's shape, told in a few words; one that is `broken` has to be a dead letter."""

    told: str
    event: Mapping[str, object]
    awaits: tuple[Awaited, ...] = ()
    is_broken: bool = False

    @property
    def tenant(self) -> str:
        """The tenant it happens at."""
        return str(self.event["tenant"])

    @property
    def event_id(self) -> str:
        """The id by which its decisions are found."""
        return str(self.event["id"])

    @property
    def key(self) -> str:
        """Its Kafka key."""
        return f"{self.tenant}|{self.event.get('subject', '')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The demo's events: first what tenants are like, then who their clients are, then what happens."""

    tenants: tuple[Happening, ...]
    clients: tuple[Happening, ...]
    happenings: tuple[Happening, ...]
    opted_out_address: str

    @property
    def mails(self) -> int:
        """How many mails the day comes to."""
        return sum(awaited.word == MAILED for each in self.happenings for awaited in each.awaits)


MAILED = "accepted"
"""The word of a mail that the mail server took."""
