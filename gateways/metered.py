"""A provider whose attempts and answers are counted and timed; to everybody else it is the provider itself."""

import time

from gateways.answers import Answer, Provider
from schemas.message import Message
from tidings.metrics import GatewayMetrics


class Metered:
    """Wraps a provider of one channel."""

    def __init__(self, provider: Provider, metrics: GatewayMetrics) -> None:
        self._provider = provider
        self._metrics = metrics

    @property
    def name(self) -> str:
        """The provider's own."""
        return self._provider.name

    @property
    def capacity(self) -> int:
        """The provider's own."""
        return self._provider.capacity

    async def ready(self) -> None:
        """Return once the provider can be reached."""
        await self._provider.ready()

    async def send(self, message: Message, attempt: int) -> Answer:
        """Hand over one message and count what became of it."""
        self._metrics.attempted()
        began_at = time.perf_counter()
        answer = await self._provider.send(message, attempt)
        self._metrics.answered(type(answer).__name__.lower(), time.perf_counter() - began_at)
        return answer

    async def close(self) -> None:
        """Take leave of the provider."""
        await self._provider.close()
