"""What a provider answered, in words that are the same for every channel, and what a provider is to a gateway."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from schemas.message import Message
from schemas.words import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """The report that a provider without reports of its own will have made `after` it took the message."""

    status: Status
    after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider took the message; `provider_ref` is its own name for it.

    With `report` nobody else will tell what became of it; without, that is another's business.
    """

    provider_ref: str | None = None
    detail: str | None = None
    report: Foretold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Definitely not sent, and no later attempt would be; `bounced`: the address does not exist."""

    code: str
    detail: str | None = None
    bounced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Definitely not sent this time; `after` is the pause that the provider asked for.

    `is_outage`: it speaks of the provider, not of this one message, and so counts for the breaker.
    """

    code: str
    detail: str | None = None
    after: timedelta | None = None
    is_outage: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody can tell whether it was sent: the answer was lost after the message had left."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """The provider was never spoken to, so this is no attempt that failed."""

    detail: str


Answer = Accepted | Rejected | Retry | Unknown | Unreachable


def is_outage(answer: Answer) -> bool:
    """Whether the answer counts as an error of the provider as a whole."""
    return isinstance(answer, Unknown | Unreachable) or (isinstance(answer, Retry) and answer.is_outage)


def failed(code: str) -> Answer:
    """The answer that a bare code stands for (contract section 9, Retries): 429 and 5xx are tried again."""
    if code == "429" or (len(code) == 3 and code.startswith("5") and code.isdigit()):
        return Retry(code=code)
    return Rejected(code=code)


class Provider(Protocol):
    """The company outside that takes messages of one channel; one module of this package per provider.

    It never raises for what the outside does: whatever happens is one of the answers.
    """

    @property
    def name(self) -> str:
        """What logs call it."""

    @property
    def capacity(self) -> int:
        """How many messages it can have on the way at once."""

    async def ready(self) -> None:
        """Return once the provider can be reached; until then the backlog waits and no attempt is used up."""

    async def send(self, message: Message, attempt: int) -> Answer:
        """Hand over one message. The same message twice is the same content under the same id."""

    async def close(self) -> None:
        """Take leave of the provider."""
