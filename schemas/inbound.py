"""What a person said to a tenant, on its way to the address it came from; topic `messages`."""

from dataclasses import dataclass

from schemas.address import address_key
from schemas.candidate import Candidate, Cause
from schemas.consent import ConsentChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Something that was said from an address: what it changes, and the message that answers it or passes it on.

    `message` lacks what only the address knows: whose it is, and what was last sent to it. It is None where the kind is
    off. `silences` says whether texts to the contacts of the address are off now; None leaves them as they are.
    """

    tenant: str
    address: str
    cause: Cause
    message: Candidate | None = None
    change: ConsentChange | None = None
    silences: bool | None = None

    @property
    def key(self) -> str:
        """The Kafka key: the same as that of messages to this address."""
        return address_key(self.tenant, self.address)
