"""Stop 7 of 9 — gateway. Before: command. After: status. From a command to an answer, each crash point accounted for.

1. a batch from the lanes; 2. the last-moment gate; 3. intents written and acked; 4. still the owner, heartbeat young;
5. sent, the message id being the idempotency key; 6. outcome acked, then status acked, then the source offset may be
committed. Whatever fails here ends the process (crash-only): the ledger says what was open.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from gateways import attempts, intake
from gateways.answers import Provider, is_outage
from gateways.attempts import Report, Send, Settle, Step
from gateways.breaker import Breaker
from gateways.lanes import Lanes
from gateways.log import Log
from gateways.reports import Reports
from gateways.work import Job, Load, Order, Partition
from schemas.consent import Consent
from schemas.delivery import DeliveryStatus, LedgerEntry

RECORDERS = 4
"""How many batches of answers are written at once."""
LINGER_SECONDS = 0.002
"""How long one message waits for others to share an append with: a record batch costs as much as twenty records."""
TIMER_SECONDS = 0.2
POLL_SECONDS = 0.1
TIMERS_AT_ONCE = 500
YOUNG_HEARTBEAT_SECONDS = 3.0

log = structlog.get_logger("gateways")

_Answered = tuple[Partition, Job, Settle]


class Consents(Protocol):
    """The consents of the assigned partitions."""

    def is_fresh(self, partition: int) -> bool:
        """Whether the view had read all there was a moment ago; a stale one sends nobody anything."""

    def get(self, partition: int, key: str) -> Consent | None:
        """The consent of one address."""


class Membership(Protocol):
    """Whether this gateway is still taken for a member of its group."""

    def heartbeat_age_seconds(self) -> float:
        """How long ago the broker last said so."""


class Desk:
    """Everything between the source topics and the provider, for all partitions that are assigned."""

    def __init__(
        self,
        *,
        provider: Provider,
        log: Log,
        consents: Consents,
        membership: Membership,
        clock: Callable[[], datetime],
        statuses: str,
    ) -> None:
        self._provider = provider
        self._consents = consents
        self._membership = membership
        self._clock = clock
        self._reports = Reports(log, statuses)
        self._lanes: Lanes[Job] = Lanes(provider.capacity)
        self._breaker = Breaker()
        self._partitions: dict[int, Partition] = {}
        self._wake = asyncio.Event()
        self._answers: asyncio.Queue[_Answered] = asyncio.Queue()

    async def run(self) -> None:
        """Work until cancelled; any error of the infrastructure comes out as it is, in a group."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._dispatch(group))
            group.create_task(self._watch_timers())
            for _ in range(RECORDERS):
                group.create_task(self._record())

    async def open(self, partition: Partition, interrupted: Sequence[LedgerEntry]) -> None:
        """Begin with a partition: intents that a crash left open are listed as doubtful, the last statuses repeated."""
        now = self._clock()
        await partition.ledger.write_voided_again()
        await self._reports.send(partition.number, partition.ledger.unreported())
        settled = [attempts.interrupted(entry, entry.message, now) for entry in interrupted if entry.message]
        if settled:
            ids = [one.entry.message_id for one in settled]
            log.warning("messages in doubt after a crash", partition=partition.number, count=len(ids), messages=ids)
        await self._settle(partition, settled)
        self._partitions[partition.number] = partition

    async def close(self, number: int, drain_seconds: float) -> Partition | None:
        """Stop sending for a partition and let what is on its way come to its end, as far as the time allows."""
        partition = self._partitions.get(number)
        if partition is None:
            return None
        partition.is_closing = True
        for job in self._lanes.remove(lambda job: job.partition == number):
            partition.jobs.pop(job.message_id, None)
        try:
            async with asyncio.timeout(drain_seconds):
                await partition.idle.wait()
        except TimeoutError:
            log.warning("messages still on their way", partition=number, count=partition.in_flight)
        partition.is_lost = True
        del self._partitions[number]
        return partition

    def take_in(self, number: int, order: Order) -> None:
        """Enter one command of an open partition."""
        self._queue(intake.take_in(self._partitions[number], order))

    @property
    def load(self) -> Load:
        """What is in hand just now."""
        return Load(waiting=len(self._lanes), in_flight=self._lanes.taken, is_resting=self._breaker.is_open)

    def _queue(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self._lanes.put(job)
        self._wake.set()

    async def _dispatch(self, group: asyncio.TaskGroup) -> None:
        while True:
            if self._lanes:
                await self._provider.ready()
            jobs = self._lanes.take(self._breaker.allowance(self._clock()))
            self._breaker.passed_on(len(jobs))
            by_partition: defaultdict[int, list[Job]] = defaultdict(list)
            for job in jobs:
                job.is_under_way = job.holds_slot = True
                by_partition[job.partition].append(job)
            for number, share in by_partition.items():
                partition = self._partitions[number]
                partition.started(len(share))
                group.create_task(self._advance(partition, share, group))
            await (asyncio.sleep(LINGER_SECONDS) if jobs else self._rest())

    async def _rest(self) -> None:
        self._wake.clear()
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _advance(self, partition: Partition, jobs: Sequence[Job], group: asyncio.TaskGroup) -> None:
        """Steps 2 to 5 for some messages of one partition."""
        if not await self._may_act(partition, needs_consents=True):
            self._abandon(partition, jobs)
            return
        sends: list[tuple[Job, LedgerEntry]] = []
        over: list[Job] = []
        settled: list[Settle] = []
        again: list[DeliveryStatus] = []
        for job in jobs:
            match self._step(partition, job):
                case Send(entry=entry, status=told):
                    sends.append((job, entry))
                    again += [told] if told else []
                    continue
                case Settle() as step:
                    settled.append(step)
                case Report(status=status):
                    again.append(status)
            over.append(job)
        await partition.ledger.write([*(entry for _, entry in sends), *(step.entry for step in settled)])
        await self._reports.send(partition.number, [*again, *(step.status for step in settled if step.status)])
        self._breaker.returned(len(over))
        self._finish(partition, over)
        if not await self._may_act(partition):
            await self._take_back(partition, sends)
            return
        for job, entry in sends:
            group.create_task(self._send(partition, job, entry))

    def _step(self, partition: Partition, job: Job) -> Step:
        now = self._clock()
        entry = partition.ledger.get(job.message_id)
        if job.withdrawal is not None:
            step = attempts.withdrawn(entry, job.message, job.withdrawal, now)
            if isinstance(step, Settle) or job.message is None:
                return step
        assert job.message is not None, f"job {job.message_id} has neither message nor withdrawal"
        consent = self._consents.get(partition.number, job.message.key)
        if job.verdict is not None:
            return attempts.judged(entry, job.message, job.verdict, consent, now)
        return attempts.next_step(entry, job.message, consent, now)

    async def _may_act(self, partition: Partition, *, needs_consents: bool = False) -> bool:
        """Wait until this gateway knows what it needs to know; False once the partition is on its way to another."""
        said = False
        while not partition.is_closing:
            young = self._membership.heartbeat_age_seconds() < YOUNG_HEARTBEAT_SECONDS
            fresh = not needs_consents or self._consents.is_fresh(partition.number)
            if young and fresh:
                return True
            if not said:
                log.warning("waits before sending", partition=partition.number, member=young, consents=fresh)
                said = True
            await asyncio.sleep(POLL_SECONDS)
        return False

    async def _send(self, partition: Partition, job: Job, entry: LedgerEntry) -> None:
        assert job.message is not None, f"intent {job.message_id} has no message"
        answer = await self._provider.send(job.message, entry.attempt)
        now = self._clock()
        if not is_outage(answer):
            self._breaker.succeeded(now)
        elif self._breaker.failed(now):
            log.error("provider is given a rest after too many errors; the backlog waits", provider=self._provider.name)
        self._answers.put_nowait((partition, job, attempts.answered(entry, job.message, answer, now)))

    async def _record(self) -> None:
        """Step 6 for whatever answers there are."""
        while True:
            answers = [await self._answers.get()]
            await asyncio.sleep(LINGER_SECONDS)
            while not self._answers.empty():
                answers.append(self._answers.get_nowait())
            shares: defaultdict[int, list[_Answered]] = defaultdict(list)
            for answered in answers:
                shares[id(answered[0])].append(answered)
            await asyncio.gather(*(self._record_share(share) for share in shares.values()))

    async def _record_share(self, share: Sequence[_Answered]) -> None:
        """A slot is free as soon as the outcome is acked: from then on its message is in doubt no more."""
        partition, settled = share[0][0], [settle for _, _, settle in share]
        await self._write(partition, settled)
        for _, job, _ in share:
            self._free_slot(job)
        await self._reports.send(partition.number, [step.status for step in settled if step.status])
        self._finish(partition, [job for _, job, _ in share])

    async def _settle(self, partition: Partition, settled: Sequence[Settle]) -> None:
        """The ledger first, then the statuses."""
        await self._write(partition, settled)
        await self._reports.send(partition.number, [step.status for step in settled if step.status])

    async def _write(self, partition: Partition, settled: Sequence[Settle]) -> None:
        """A lost partition's ledger is another's; what was sent of it is only reported."""
        if not partition.is_lost:
            await partition.ledger.write([step.entry for step in settled])

    async def _take_back(self, partition: Partition, sends: Sequence[tuple[Job, LedgerEntry]]) -> None:
        now = self._clock()
        steps = [attempts.taken_back(entry, job.message, now) for job, entry in sends if job.message]
        await self._settle(partition, steps)
        self._abandon(partition, [job for job, _ in sends])

    def _finish(self, partition: Partition, jobs: Iterable[Job]) -> None:
        """The jobs are over: their commands may be committed, and what came meanwhile is looked at."""
        for job in jobs:
            self._let_go(partition, job)
            partition.close_marks(job)
            if not partition.is_closing:
                for order in job.later:
                    self._queue(intake.take_in(partition, order))
        self._wake.set()

    def _abandon(self, partition: Partition, jobs: Sequence[Job]) -> None:
        """The jobs end here without a word: their commands are not committed, so the next owner finds them."""
        self._breaker.returned(len(jobs))
        for job in jobs:
            self._let_go(partition, job)

    def _let_go(self, partition: Partition, job: Job) -> None:
        self._free_slot(job)
        del partition.jobs[job.message_id]
        partition.ended()

    def _free_slot(self, job: Job) -> None:
        if job.holds_slot:
            job.holds_slot = False
            self._lanes.release(job.lane)
            self._wake.set()

    async def _watch_timers(self) -> None:
        while True:
            for partition in list(self._partitions.values()):
                if not partition.is_closing:
                    self._ring(partition)
            await asyncio.sleep(TIMER_SECONDS)

    def _ring(self, partition: Partition) -> None:
        """Queue the messages whose hour has come; the rest of a great many waits for the next look."""
        for message_id in partition.ledger.due(self._clock(), TIMERS_AT_ONCE, partition.jobs):
            entry = partition.ledger.get(message_id)
            if entry is not None and entry.message is not None:
                self._queue([intake.of_timer(partition, entry.message)])
