"""The line from the broker to the stage's queue, without a broker: the real consumer and aiokafka's real subscription.

A stand-in for the consumer's thread gives out what a model's partitions hold, from the position that aiokafka's own
partition state has, and can do something in the middle of a fetch, as a rebalance does.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.consumer.subscription_state import SubscriptionState
from faust.types import TP

from streams.app import App, build
from streams.batch import Batch
from streams.consumer import Consumer, _Thread
from streams.naming import changelog_name
from streams.readiness import Readiness
from tests.integration.streams.chimes import CHIMES
from tests.safety.cluster import Cluster
from tests.safety.process import EVENTS_0
from tidings.config import Installation, Worker

_TURNS = 300
"""Of the event loop's timers: a process that does not run for a while loses none of them."""


class Line:
    """A worker that reads partition 0 of topic events; `delivered` is what the stage would see, offset by offset."""

    def __init__(self, cluster: Cluster, home: Path, kind: type[Consumer]) -> None:
        self.cluster = cluster
        installation = Installation(home=home, worker=Worker(name="w1"))
        self.app: App = build(CHIMES, installation, Readiness("w1", [CHIMES.name]))
        self.changelog = TP(changelog_name(installation, CHIMES.name), 0)
        flow: Any = self.app.flow_control
        flow.resume()
        self.queue = self.app.FlowControlQueue(maxsize=100, clear_on_resume=True)
        self.subscription = SubscriptionState()
        self.subscription.assign_from_user({TopicPartition(*EVENTS_0), TopicPartition(*self.changelog)})
        for tp in (EVENTS_0, self.changelog):
            self.subscription._assigned_state(TopicPartition(*tp)).seek(0)
        self.fetches = 0
        self.in_the_middle: Callable[[], None] | None = None
        self.delivered: list[int] = []
        self.consumer = self._consumer(kind)

    def _consumer(self, kind: type[Consumer]) -> Consumer:
        line = self

        class Wired(kind):  # type: ignore[misc, valid-type]  # the class is the scenario's argument
            def _new_consumer_thread(self) -> "_StandIn":
                return _StandIn(line, self)

        async def ignored(*_: object) -> None:
            return

        made: Consumer = Wired(self.app.transport, self._enqueue, ignored, ignored)
        self.app.consumer = made
        made._set_active_tps({EVENTS_0, self.changelog})
        return made

    async def _enqueue(self, message: Any) -> None:
        await self.queue.put(message)

    def seek(self, tp: Iterable[Any], offset: int) -> None:
        """What a rebalance does to a position."""
        self.subscription._assigned_state(TopicPartition(*tp)).seek(offset)

    @asynccontextmanager
    async def draining(self) -> AsyncIterator[None]:
        """Let the consumer fetch and deliver, as its fetcher does."""
        fetcher: Any = SimpleNamespace(_stopped=asyncio.Event())
        draining = asyncio.ensure_future(self.consumer._drain_messages(fetcher))
        try:
            yield
        finally:
            draining.cancel()
            await asyncio.wait([draining])

    async def fetched(self, times: int = 3) -> None:
        """So many fetches later, or after a while."""
        enough = self.fetches + times
        for _ in range(_TURNS):
            if self.fetches >= enough:
                return
            await asyncio.sleep(0.001)

    def clear_queues(self) -> None:
        """What Faust does at the end of a recovery, after it has resumed the sources."""
        flow: Any = self.app.flow_control
        flow.resume()

    def perform(self) -> None:
        """Take all that is in the queue."""
        while not self.queue.empty():
            batch: Batch = self.queue.get_nowait().value
            if batch.tp == EVENTS_0:
                self.delivered += [record.offset for record in batch.records]
            self.consumer.settle(batch)


class _StandIn(_Thread):
    """The thread, without a thread."""

    def __init__(self, line: Line, consumer: Consumer) -> None:
        super().__init__(consumer, loop=consumer.loop, beacon=consumer.beacon)
        self._line = line
        self._consumer: Any = SimpleNamespace(_subscription=line.subscription)

    async def getmany(self, active_partitions: Collection[TP] | None, timeout: float) -> Any:
        fetched = {}
        for tp in active_partitions or ():
            state = self._line.subscription._assigned_state(TopicPartition(*tp))
            records = list(self._line.cluster.log(tp)[state.position :])
            if records:
                state.consumed_to(records[-1].offset + 1)
                fetched[tp] = records
        self._line.fetches += 1
        if fetched and self._line.in_the_middle is not None:
            meanwhile, self._line.in_the_middle = self._line.in_the_middle, None
            meanwhile()
        await asyncio.sleep(0.001)
        return fetched

    async def call_thread(self, fun: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        return await fun(*args, **kwargs)

    def seek(self, partition: Any, offset: int) -> None:
        self._line.seek(partition, offset)
