"""A verdict: what a person decides about a message of which nobody can tell whether it left."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.envelope import Actor
from schemas.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The order to send a message on hold once more, or to leave it at that; among the commands of its channel.

    It is about attempt `attempt`, and about no other: given twice, the second one does nothing.
    """

    tenant: str
    message_id: str
    attempt: int
    sends_again: bool
    at: datetime
    actor: Actor = field(default_factory=Actor)

    @property
    def by(self) -> str:
        """Who gave it, in words."""
        return " ".join(part for part in (self.actor.kind, self.actor.id) if part)

    def renewed(self, message: Message) -> Message:
        """The message as it is sent again: its time for retries begins anew."""
        return replace(message, not_before=self.at)
