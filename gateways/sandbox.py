"""The sandbox: a provider that reaches nobody and answers what its plan says.

It stands in for providers whose gateways do not exist yet, or that nobody should be reached by. Ledger, last look at
consent, retries and doubt are those of every gateway; so a message that it took is not sent again by a real gateway
that takes its place.
"""

import asyncio
from datetime import timedelta

from gateways.answers import Accepted, Answer, Foretold, Rejected, Retry, Unknown, failed
from gateways.outcomes import TIMED_OUT, WORDS, Plan
from schemas.message import Message
from schemas.words import Channel, Status

CAPACITY = 64
CALLS = 3
CALL_AGAIN_AFTER = timedelta(minutes=15)
"""A busy or silent phone is tried twice more (contract section 9, Retries)."""


class Sandbox:
    """Takes the messages of one channel; a provider (`gateways.answers.Provider`)."""

    def __init__(self, channel: Channel, plan: Plan) -> None:
        self._channel, self._plan = channel, plan

    @property
    def name(self) -> str:
        """What logs call it."""
        return f"sandbox {self._channel}"

    @property
    def capacity(self) -> int:
        """How many messages it can have on the way at once."""
        return CAPACITY

    async def ready(self) -> None:
        """Return at once: it is never away."""
        return

    async def send(self, message: Message, attempt: int) -> Answer:
        """Answer as planned; nobody gets anything."""
        if self._plan.latency_seconds:
            await asyncio.sleep(self._plan.latency_seconds)
        outcome = self._plan.of(message)
        return answer(outcome.word(attempt), attempt, timedelta(seconds=outcome.after_seconds), message.message_id)

    async def close(self) -> None:
        """Nothing is held."""
        return


def answer(word: str, attempt: int, after: timedelta, message_id: str) -> Answer:
    """What a word of the plan means to a gateway; see contract section 10 for the words."""
    name, _, code = word.partition(":")
    if name == Status.FAILED:
        return failed(code or name)
    if word == TIMED_OUT:
        return Retry(code=word)
    status = WORDS.get(word) or Status(word)
    match status:
        case Status.DOUBTFUL:
            return Unknown(detail="the sandbox lost its own answer, as planned")
        case Status.BUSY | Status.NO_ANSWER:
            return Rejected(code=status) if attempt >= CALLS else Retry(code=status, after=CALL_AGAIN_AFTER)
        case Status.ACCEPTED:
            return Accepted(provider_ref=f"sandbox-{message_id}")
        case _:
            return Accepted(provider_ref=f"sandbox-{message_id}", report=Foretold(status=status, after=after))
