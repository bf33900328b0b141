"""The consumer: Faust's own, with four changes without which it loses records.

1. One fetch of a partition is delivered as one Faust message (`streams.batch`).
2. Only `settle` makes an offset committable. Faust acks a message also on an exception, a cancellation, a skipped gap.
3. While the group rebalances or recovers, only changelogs are fetched. Stock Faust resumes the sources before it seeks
   them and clears its queues afterwards: what was fetched in between is lost.
4. A fetch is delivered only when the position still follows it; what cannot be delivered is fetched again.

Everything here leans on private parts of faust-streaming 0.15.3 and aiokafka 0.14.0, which are pinned.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from weakref import WeakSet

import aiokafka
from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from faust.types.core import HeadersArg
from mode import ServiceT

from streams.batch import Batch
from streams.crash import die

UNDONE_LIMIT = 4
"""Batches delivered and not yet settled. Faust's own limit would make its fetcher sleep for a second."""

_FETCH_WAIT_SECONDS = 1.0
_RECOVERY_WAIT_SECONDS = 0.05
_ROOM_WAIT_SECONDS = 0.2

Chunk = list[ConsumerRecord[bytes, bytes]]


class _Thread(driver.AIOKafkaConsumerThread):
    """The thread that speaks to the broker; what upstream wrote in an aborted transaction never happened."""

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        # Faust 0.15.3 offers the isolation level only together with its own transactions.
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        return consumer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hold:
    """A partition that rests `until` a time of the monotonic clock, and where it goes on."""

    offset: int
    until: float


class Consumer(driver.Consumer):
    """Delivers batches in order and commits what was settled, at least once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._settled: dict[TP, int] = {}
        self._undone: WeakSet[Batch] = WeakSet()
        self._room = asyncio.Event()
        self._held: dict[TP, _Hold] = {}
        self.performing = asyncio.Lock()
        """Held while a batch is performed; partitions are not given away before."""

    def settle(self, batch: Batch) -> None:
        """All effects of this batch are stored: its offsets may be committed, unless the partitions were given away."""
        if batch.generation == self.app.consumer_generation_id:
            self._settled[batch.tp] = batch.next_offset
        self._undone.discard(batch)
        self._room.set()

    def hold(self, batch: Batch, offset: int, rest_seconds: float) -> None:
        """Nothing more of this partition is delivered for a while; then it goes on at `offset`, fetched again.

        All before `offset` is stored. What follows stays in the log, unacknowledged.
        """
        if batch.generation == self.app.consumer_generation_id:
            if offset > batch.first_offset:
                self._settled[batch.tp] = offset
            self._held.setdefault(batch.tp, _Hold(offset=offset, until=time.monotonic() + rest_seconds))
            self.pause_partitions([batch.tp])
        self._undone.discard(batch)
        self._room.set()

    def is_held(self, tp: TP) -> bool:
        """Whether the partition was told to wait and is not fetched again yet."""
        return tp in self._held

    def end(self, tp: TP) -> int | None:
        """The end of the partition's log as the last fetch saw it, or None while there was none."""
        state = self._state(tp)
        return None if state is None else cast(int | None, state.highwater)

    @property
    def is_reading(self) -> bool:
        """Whether there is a connection whose partitions could be asked for."""
        return cast(Any, self._thread._consumer) is not None

    def sources(self) -> list[TP]:
        """The source partitions that are ours; not the changelogs, nor those of which we are a standby."""
        return [tp for tp in self.assignment() if not self._is_changelog_tp(tp)]

    def lags(self) -> dict[TP, int]:
        """How many offsets of each source partition are not done."""
        ends = {tp: end for tp in self.sources() if (end := self.end(tp)) is not None}
        return {tp: max(0, end - max(self._settled.get(tp, 0), self.committed(tp))) for tp, end in ends.items()}

    def committed(self, tp: TP) -> int:
        """The committed offset as of the last seek or commit; 0 when there is none."""
        return self._committed_offset[tp] or 0

    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    def _filter_tps_with_pending_acks(self, topics: object = None) -> Iterator[TP]:
        return iter(tuple(self._settled))

    def _filter_committable_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        # The Cython stream iterator acks by itself, past any override of `ack`; here its marks are thrown away.
        for marks in (self._acked, self._acked_index, self._gap):
            cast(dict[TP, object], marks).clear()
        return {tp: self._settled[tp] for tp in tps if self._settled.get(tp, 0) > self.committed(tp)}

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Wait for the unit that is on its way, then forget what was settled.

        Faust does not wait for what an agent is at: its next owner would read the changelog to its end before this
        worker's last unit stands in it.
        """
        await super().on_partitions_revoked(revoked)
        async with self.performing:
            pass
        self._settled.clear()
        self._undone.clear()
        self._held.clear()
        self._room.set()

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Mapping[TP, Chunk]:
        if not self.app.rebalancing:
            return await super()._getmany(active_partitions, timeout)
        changelogs = {tp for tp in active_partitions or () if self._is_changelog_tp(tp)}
        if not changelogs:
            await asyncio.sleep(_RECOVERY_WAIT_SECONDS)
            return {}
        return await super()._getmany(changelogs, _RECOVERY_WAIT_SECONDS)

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        try:
            while not (self._stopped.is_set() or cast(Any, fetcher)._stopped.is_set()):
                if not self.flow_active:
                    await self.wait(cast(Any, self.can_resume_flow))
                    continue
                await self._release()
                fetched, _ = await self._wait_next_records(_FETCH_WAIT_SECONDS)
                await asyncio.sleep(0)
                for tp, chunk in cast(Mapping[TP, Chunk], fetched or {}).items():
                    if self._follows(tp, chunk) and not await self._deliver(TP(*tp), chunk):
                        await self._thread.call_thread(self._fetch_again, tp, chunk)
        except self.consumer_stopped_errors as error:
            if not self.app.should_stop:
                die("the consumer was stopped", error)
        except Exception as error:  # noqa: BLE001 - die reports it
            die("the consumer failed", error)

    async def _release(self) -> None:
        """Take up what has rested for long enough, once no batch of it is on its way any more."""
        if not self._held or self.app.rebalancing:
            return
        on_their_way = {batch.tp for batch in self._undone}
        for tp, held in tuple(self._held.items()):
            if held.until <= time.monotonic() and tp not in on_their_way:
                await self._thread.call_thread(self._seek_again, tp, held.offset)
                if self._held.get(tp) is held:
                    del self._held[tp]
                    self.resume_partitions([tp])

    async def _seek_again(self, tp: TP, offset: int) -> None:
        """Runs in the consumer's thread; a partition that was given away meanwhile is left alone."""
        if self._state(tp) is not None:
            self._thread.seek(cast(TP, TopicPartition(*tp)), offset)

    def _state(self, tp: TP) -> Any:
        """What aiokafka knows of an assigned partition, or None."""
        consumer = cast(Any, self._thread._consumer)
        assignment = consumer and consumer._subscription.subscription.assignment
        return assignment and assignment._tp_state.get(TopicPartition(*tp))

    def _follows(self, tp: TP, chunk: Chunk) -> bool:
        """Whether the position stands after this chunk: nobody sought elsewhere since it was fetched."""
        state = self._state(tp)
        return bool(state) and state._position is not None and state._position > chunk[-1].offset

    async def _fetch_again(self, tp: TP, chunk: Chunk) -> None:
        """Runs in the consumer's thread, without a pause in which the position could move."""
        if self._follows(tp, chunk):
            self._thread.seek(cast(TP, TopicPartition(*tp)), chunk[0].offset)

    async def _deliver(self, tp: TP, chunk: Chunk) -> bool:
        batch = Batch(tp=tp, records=chunk, generation=self.app.consumer_generation_id)
        if self.app.topics.acks_enabled_for(tp.topic):
            await self._wait_for_room()
            self._undone.add(batch)
        # A fetch asked for before a rebalance may return during the recovery after it, at whose end Faust clears all
        # queues: what is put into one now would be lost.
        in_vain = tp in self._held or (self.app.rebalancing and not self._is_changelog_tp(tp))
        if not self.flow_active or in_vain:
            self._undone.discard(batch)
            return False
        await self.wait_first(self.callback(_message(batch)), cast(Any, self.suspend_flow).wait())
        return True

    async def _wait_for_room(self) -> None:
        while len(self._undone) >= UNDONE_LIMIT and self.flow_active:
            self._room.clear()
            suspended = cast(Any, self.suspend_flow).wait()
            await self.wait_first(self._room.wait(), suspended, timeout=_ROOM_WAIT_SECONDS)


def _message(batch: Batch) -> ConsumerMessage:
    """The Faust message that carries a batch; its offset is that of the last record."""
    last = batch.records[-1]
    return ConsumerMessage(
        batch.tp.topic,
        batch.tp.partition,
        last.offset,
        last.timestamp / 1000.0,
        last.timestamp_type,
        cast(HeadersArg, None),
        None,
        cast(Any, batch),
        None,
        0,
        0,
        batch.tp,
        generation_id=batch.generation,
    )
