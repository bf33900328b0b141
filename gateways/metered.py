"""A provider whose attempts and answers are counted and timed; to everybody else it is the provider itself."""

import time
from collections.abc import Callable
from datetime import datetime

from gateways.answers import Answer, Provider
from gateways.forecast import Forecast
from schemas.message import Message
from tidings.metrics import GatewayMetrics


class Metered:
    """Wraps a provider of one channel; `forecast` learns its rate."""

    def __init__(self, provider: Provider, metrics: GatewayMetrics, clock: Callable[[], datetime]) -> None:
        self._provider = provider
        self._metrics = metrics
        self.forecast = Forecast(clock)

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
        self.forecast.ended(message.useful_until)
        return answer

    async def close(self) -> None:
        """Take leave of the provider."""
        await self._provider.close()
