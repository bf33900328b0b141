"""A provider that remembers what it accepted, and answers as providers do: not always, and not always in time."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from gateways.answers import Accepted, Answer, Rejected, Retry, Unknown, Unreachable
from schemas.message import Message
from tests.simulation.loop import now, running
from tests.simulation.process import Process
from tests.simulation.storm import Storm


@dataclass(slots=True, kw_only=True, eq=False)
class Post:
    """The company outside: one for all gateways, and untouched by what befalls them."""

    storm: Storm
    refusals: float
    accepted: Counter[str] = field(default_factory=Counter)
    attempts: list[tuple[str, int]] = field(default_factory=list)

    def take(self, message: Message, attempt: int) -> Answer:
        """A message arrives here; what is accepted is delivered to a person."""
        rng = self.storm.rng
        self.attempts.append((message.message_id, attempt))
        if not self.storm.is_over and rng.random() < self.refusals:
            return rng.choice((Rejected(code="550"), Retry(code="451"), Retry(code="421", is_outage=True)))
        self.accepted[message.message_id] += 1
        self.storm.step(f"  the post accepts {message.message_id}, attempt {attempt}")
        if self.storm.strikes(0.1):
            self.storm.fault(f"the answer for {message.message_id} is lost")
            return Unknown(detail="no answer in time")
        return Accepted(provider_ref=f"r{len(self.attempts)}")


class Courier:
    """One process's way to the post."""

    name = "post"

    def __init__(self, post: Post, process: Process) -> None:
        self.capacity = post.storm.rng.choice((2, 5, 20))
        self._post = post
        self._process = process

    async def ready(self) -> None:
        """See Provider.ready."""
        await self._process.pause("before the post is ready")
        await self._process.connected()

    async def send(self, message: Message, attempt: int) -> Answer:
        """See Provider.send: what has left arrives, whether or not its process lives to hear of it."""
        await self._process.pause("before the message leaves")
        storm, process = self._post.storm, self._process
        if process.cut_until > now() or storm.strikes(0.03):
            return Unreachable(detail="no connection")
        answer: asyncio.Future[Answer] = running().create_future()
        running().call_later(storm.latency_seconds(), self._arrive, message, attempt, answer)
        found = await answer
        await process.pause("before the answer is heard")
        return Unknown(detail="the connection broke") if process.cut_until > now() else found

    async def close(self) -> None:
        """Nothing is open."""

    def _arrive(self, message: Message, attempt: int, answer: "asyncio.Future[Answer]") -> None:
        if not self._process.is_alive and self._post.storm.rng.random() < 0.5:
            return
        taken = self._post.take(message, attempt)
        if not answer.done():
            answer.set_result(taken)
