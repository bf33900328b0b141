"""The consumer of one channel's commands: assigned partitions are opened, fed to the desk, committed and given back.

A partition is opened by reading its ledger to the end and settling what a crash left open; only then do its commands
flow. Offsets are committed by hand, contiguous only, after outcome and status are acked.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError

from gateways.answers import Provider
from gateways.consents import ConsentView
from gateways.desk import Desk
from gateways.intake import read_order
from gateways.kafka import KafkaLog, group_member, read_to_end, reader
from gateways.ledger import Ledger
from gateways.log import Row, append
from gateways.membership import GroupMembership
from gateways.metered import Metered
from gateways.quarantine import dead_letter
from gateways.store import DiskStore
from gateways.watch import Watch
from gateways.work import Partition
from schemas import codec
from schemas.faults import Unreadable
from schemas.topics import BY_NAME, CONSENTS, DEAD_LETTERS, STATUSES, command_topic, ledger_topic
from schemas.words import Channel, Lane
from tidings.config import Installation, OnStop
from tidings.health import Health
from tidings.kafka_clients import require_groups
from tidings.metrics import GatewayMetrics

MOST_OPEN = 500
"""Commands of one topic partition in hand; then its backlog stays in Kafka."""
RESUME_AT = 250
RECORDS_AT_ONCE = 500
POLL_MS = 200
IDLE_SECONDS = 0.05
DRAIN_SECONDS = 20.0
"""How long a partition that is given up may wait for answers; what is open after that is in doubt."""

_PARTITIONS = "partitions"

log = structlog.get_logger("gateways")


class TopicsMissing(RuntimeError):
    """Topics that this gateway needs were never made; a consumer would wait for them in silence."""


class Gateway(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is not typed
    """One gateway process."""

    def __init__(
        self,
        *,
        channel: Channel,
        installation: Installation,
        provider: Provider,
        clock: Callable[[], datetime],
        health: Health | None = None,
    ) -> None:
        self._metrics = GatewayMetrics(channel)
        self._kafka, self._clock, self._provider = installation.kafka, clock, Metered(provider, self._metrics, clock)
        self._health = health or Health()
        self._health.waits(_PARTITIONS, "it has not been given any yet")
        self._channel, self._prefix = channel, installation.kafka.topic_prefix
        self._name = f"gateway-{channel}-{installation.worker.name}"
        self._worker = installation.worker
        self._home: Path = installation.home / "gateways" / installation.worker.name / channel
        self._topics = [command_topic(channel, lane) for lane in Lane]
        self._partitions: dict[int, Partition] = {}
        self._paused: set[TopicPartition] = set()
        self._opening: asyncio.Task[None] | None = None
        self._failed: asyncio.Future[None] | None = None
        self._is_ready = False
        self._leaves = installation.worker.on_stop is OnStop.LEAVE

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop. Anything else that ends it is an error of the infrastructure, and raised."""
        self._failed = asyncio.get_running_loop().create_future()
        await self._connect()
        background = [self._desk.run(), self._view.run(), self._consume(), self._commit_regularly(), self._watch.run()]
        tasks: list[asyncio.Future[None]] = [asyncio.ensure_future(each) for each in background]
        stopping = asyncio.ensure_future(stop.wait())
        ends: list[asyncio.Future[Any]] = [*tasks, self._failed, stopping]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for ended in ends:
            if ended.done():
                await ended
        log.info("gateway stops", channel=self._channel)
        for task in tasks[2:]:
            await _cancel(task)
        await self._give_up(tuple(self._partitions))
        for task in tasks[:2]:
            await _cancel(task)
        await self._disconnect()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """aiokafka's call: these are ours; nothing of them is looked at until their ledgers are read."""
        assigned = tuple(assigned)
        self._consumer.pause(*assigned)
        self._membership.joined()
        numbers = sorted({tp.partition for tp in assigned})
        self._opening = asyncio.ensure_future(self._guarded(self._open(numbers)))

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """aiokafka's call: these may be another's soon. What is on its way ends; nothing new begins."""
        self._health.waits(_PARTITIONS, "they are being given anew, or their ledgers are read")
        await self._guarded(self._give_up(sorted({tp.partition for tp in revoked})))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """aiokafka 0.14 logs what a listener raises and goes on; here it ends the process."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - whatever it is, it is handed on
            if self._failed is not None and not self._failed.done():
                self._failed.set_exception(error)

    async def _connect(self) -> None:
        self._log = KafkaLog(self._kafka, self._name)
        await self._log.start()
        consents = reader(self._kafka, f"{self._name}-consents")
        await consents.start()
        self._view = ConsentView(
            consumer=consents,
            topic=self._prefix + CONSENTS.name,
            new_store=lambda number: DiskStore(self._home / f"consents-{number}"),
        )
        group = f"{self._prefix}tidings-gateway-{self._channel}"
        self._consumer = group_member(self._kafka, group, self._name, self._worker.session_seconds)
        await self._consumer.start()
        await self._check_topics()
        await require_groups(self._kafka, [group])
        self._membership = GroupMembership(self._consumer)
        self._desk = Desk(
            provider=self._provider,
            log=self._log,
            consents=self._view,
            membership=self._membership,
            clock=self._clock,
            statuses=STATUSES.name,
        )
        self._watch = Watch(
            desk=self._desk,
            consents=self._view,
            consumer=self._consumer,
            sources=lambda: [tp for number in self._partitions for tp in self._sources(number)],
            metrics=self._metrics,
            health=self._health,
            forecast=self._provider.forecast,
        )
        self._consumer.subscribe([self._prefix + topic for topic in self._topics], listener=self)

    async def _check_topics(self) -> None:
        others = (ledger_topic(self._channel), CONSENTS.name, STATUSES.name, DEAD_LETTERS.name)
        needed = {self._prefix + topic for topic in (*self._topics, *others)}
        missing = sorted(needed - await self._consumer.topics())
        if missing:
            raise TopicsMissing(
                f"no topic {', '.join(missing)}, or they may not be seen; `tidings topics apply` makes them"
            )

    def stop_for_good(self) -> None:
        """Hand the partitions over at once when stopping; otherwise they are kept until the session runs out."""
        self._leaves = True

    async def _disconnect(self) -> None:
        if self._leaves:
            self._membership.leave_when_stopped()
        for close in (self._consumer.stop, self._view.stop, self._log.stop, self._provider.close):
            with suppress(asyncio.CancelledError):  # aiokafka 0.14.0 lets out its own where the broker has just gone
                await close()

    async def _open(self, numbers: Iterable[int]) -> None:
        numbers = tuple(numbers)
        await self._view.follow(numbers)
        await asyncio.gather(*(self._open_one(number) for number in numbers))
        said = "gateway ready" if not self._is_ready else "gateway took partitions"
        log.info(said, channel=self._channel, partitions=list(numbers))
        self._is_ready = True
        self._health.works(_PARTITIONS)

    async def _open_one(self, number: int) -> None:
        topic = ledger_topic(self._channel)
        store = DiskStore(self._home / f"ledger-{number}")
        ledger = Ledger(log=self._log, store=store, topic=topic, partition=number)

        def restore(record: ConsumerRecord) -> None:
            ledger.restore(record.key, record.value, record.headers, record.offset)

        place = TopicPartition(self._prefix + topic, number)
        partition = Partition(number=number, ledger=ledger)
        try:
            end = await read_to_end(self._kafka, f"{self._name}-ledger", place, restore)
            await self._desk.open(partition, ledger.restored(end))
        except BaseException:  # a rebalance cancels this, and RocksDB opens a directory once per process
            ledger.close()
            raise
        self._partitions[number] = partition
        self._consumer.resume(*self._sources(number))

    async def _give_up(self, numbers: Iterable[int]) -> None:
        if self._opening is not None:
            await _cancel(self._opening)
        closing = [number for number in numbers if number in self._partitions]
        await asyncio.gather(*(self._desk.close(number, DRAIN_SECONDS) for number in closing))
        await self._commit()
        for number in closing:
            self._partitions.pop(number).ledger.close()
        self._paused.clear()

    async def _consume(self) -> None:
        while True:
            sources = [tp for number in self._partitions for tp in self._sources(number)]
            self._hold_back(sources)
            flowing = [tp for tp in sources if tp not in self._paused]
            if not flowing:
                await asyncio.sleep(IDLE_SECONDS)
                continue
            taken = await self._consumer.getmany(*flowing, timeout_ms=POLL_MS, max_records=RECORDS_AT_ONCE)
            for tp, records in taken.items():
                for record in records:
                    await self._take_in(tp, record)

    def _hold_back(self, sources: Iterable[TopicPartition]) -> None:
        """Keep the backlog in Kafka: a topic partition with too much in hand is paused until half of it is done."""
        for tp in sources:
            in_hand = self._partitions[tp.partition].offsets[self._plain(tp)].open_count
            if tp in self._paused and in_hand <= RESUME_AT:
                self._paused.discard(tp)
                self._consumer.resume(tp)
            elif tp not in self._paused and in_hand >= MOST_OPEN:
                self._paused.add(tp)
                self._consumer.pause(tp)

    async def _take_in(self, tp: TopicPartition, record: ConsumerRecord) -> None:
        partition = self._partitions.get(tp.partition)
        if partition is None or partition.is_closing:
            return
        topic = self._plain(tp)
        partition.offsets[topic].opened(record.offset)
        try:
            order = read_order(BY_NAME[topic], record)
        except Unreadable as error:
            await self._set_aside(topic, record, error)
            partition.offsets[topic].closed(record.offset)
            return
        self._desk.take_in(partition.number, order)

    async def _commit_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._worker.commit_interval_seconds)
            await self._commit()

    async def _commit(self) -> None:
        """Commit what may be; a rebalance in between is no error, for the next owner begins where we did commit."""
        due: dict[TopicPartition, int] = {}
        for number, partition in self._partitions.items():
            for topic, offsets in partition.offsets.items():
                offset = offsets.to_commit()
                if offset is not None:
                    due[TopicPartition(self._prefix + topic, number)] = offset
        if not due:
            return
        try:
            await self._consumer.commit(due)
        except CommitFailedError as error:
            log.warning("offsets were not committed; a rebalance came before", error=type(error).__name__)
            return
        for tp, offset in due.items():
            if tp.partition in self._partitions:
                self._partitions[tp.partition].offsets[self._plain(tp)].committed(offset)

    async def _set_aside(self, topic: str, record: ConsumerRecord, error: Unreadable) -> None:
        letter = dead_letter(topic, record, f"gateway {self._channel}", error, self._clock())
        log.warning("command cannot be read; it is in dead-letters", letter=letter.id)
        row = Row(key=letter.id.encode(), value=codec.encode(letter))
        await append(self._log, DEAD_LETTERS.name, record.partition, [row])
        self._metrics.set_aside(topic)

    def _sources(self, number: int) -> list[TopicPartition]:
        return [TopicPartition(self._prefix + topic, number) for topic in self._topics]

    def _plain(self, tp: TopicPartition) -> str:
        return str(tp.topic).removeprefix(self._prefix)


async def _cancel(task: asyncio.Future[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
