"""Ways to break the protocol, each of which the laws have to notice."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from faust.types import TP

from gateways.desk import Desk
from gateways.ledger import Ledger
from gateways.offsets import Offsets
from processors.effects import Fire, Record
from schemas.delivery import AttemptState, DeliveryStatus, LedgerEntry
from schemas.state import Alarm
from streams.batch import Batch
from streams.consumer import Consumer
from streams.guard import Guard
from streams.journal import Journal
from streams.overlay import Overlay
from streams.quarantine import FailedTimer
from streams.stage import Stage
from streams.unit_of_work import Change, UnitOfWork
from streams.writes import Writes
from tests.simulation.disk import ModelStore
from tests.simulation.engine_world import engine_world
from tests.simulation.gateway_world import gateway_world
from tests.simulation.office import OfficeParts
from tests.simulation.seeds import World
from tests.simulation.shop_mutations import SHOP_MUTATIONS
from tests.simulation.shop_world import shop_world
from tests.simulation.worker import ModelConsumer, Parts, SimulatedRunner


class SettlesFirst(SimulatedRunner):
    """Offsets may be committed before what they stand for is stored."""

    async def _perform(self, batch: Batch, consumer: Consumer) -> None:
        consumer.settle(batch)
        await super()._perform(batch, consumer)


class SpeaksLast(SimulatedRunner):
    """Outputs leave after the state that says that they have left."""

    async def _finish(self, unit: UnitOfWork, place: Any, next_offset: int) -> None:
        outputs, unit.outputs = unit.outputs, []
        await super()._finish(unit, place, next_offset)
        await self._outbox.send(outputs)


class Unannounced(SimulatedRunner):
    """What a unit will say is not announced."""

    async def _announce(self, place: Any, next_offset: int) -> None:
        return


class Forgetful(ModelStore):
    """The position is not looked for beside the state."""

    def position(self, topic: str) -> int:
        return 0


class Tearing(Journal):
    """A unit leaves write by write."""

    async def append(self, partition: int, writes: Writes, expected: int) -> int:
        last = expected - 1
        for key, value in list(writes.items()):
            one = Writes()
            one.put(key, value)
            last = await super().append(partition, one, last + 1)
        return last


class Unchecked(Journal):
    """Nobody looks at where a unit came to stand."""

    async def append(self, partition: int, writes: Writes, expected: int) -> int:
        batch = self._producer.create_batch()
        for key, value in writes.items():
            batch.append(timestamp=0, key=key, value=value)
        sent = await (await self._producer.send_batch(batch, self._topic, partition=partition))
        return int(sent.offset) + len(writes) - 1


class AllOrNothing(Guard):
    """A timer that fails takes its tick with it."""

    def _set_timer_aside(self, timer: FailedTimer, source: Any, error: Exception) -> Change:
        raise error


class KeepsWhatFails(Guard):
    """A timer that fails stands on beside its dead letter."""

    def _fire(self, fire: Fire, overlay: Overlay, source: Any, done: Any) -> None:
        alarm, before = overlay.get(fire.table, fire.key), len(done.faults)
        super()._fire(fire, overlay, source, done)
        if len(done.faults) > before and alarm is not None:
            overlay.put(fire.table, fire.key, alarm)


class Deaf(Guard):
    """A timer that is published again is passed over."""

    def _put_back(self, record: Record, alarm: Alarm, overlay: Overlay, source: Any) -> Change:
        return Change(Writes(), [])


class CommitsWhatIsFetched(ModelConsumer):
    """Offsets are committed as far as records were delivered."""

    def committable(self) -> dict[TP, int]:
        fetched = self.app._fetched
        return {tp: offset for tp, offset in fetched.items() if offset > self.committed(tp)}


class Hasty(Ledger):
    """An intent is not waited for."""

    async def write(self, entries: Sequence[LedgerEntry]) -> None:
        if not entries or any(entry.state is not AttemptState.INTENT for entry in entries):
            await super().write(entries)
            return

        class Unawaited:
            """A log that has it all at once, as it says."""

            def __init__(self, ledger: Ledger) -> None:
                self.log, self.ledger = ledger._log, ledger

            async def enqueue(self, topic: str, partition: int, rows: Sequence[Any]) -> Awaitable[int]:
                self.acked = asyncio.ensure_future(await self.log.enqueue(topic, partition, rows))
                return _done(self.ledger._end)

        log, self._log = self._log, Unawaited(self)
        try:
            await super().write(entries)
        finally:
            self._log = log


async def _done(end: int) -> int:
    return end


class Tolerant(Ledger):
    """Another writer is put up with, and heeded."""

    def restore(self, key: bytes, value: bytes | None, headers: Any, offset: int) -> None:
        super().restore(key, value, [header for header in headers if header[0] != "offset"], offset)

    async def _append(self, rows: Sequence[Any]) -> None:
        if rows:
            await (await self._log.enqueue(self._topic, self._partition, rows))


class Believing(Ledger):
    """Void entries are heeded."""

    def restore(self, key: bytes, value: bytes | None, headers: Any, offset: int) -> None:
        super().restore(key, value, [header for header in headers if header[0] != "offset"], offset)


class Mute(Ledger):
    """After a restart nothing is reported again."""

    def unreported(self) -> list[DeliveryStatus]:
        return []


class ReportsFirst(Desk):
    """The status is written before the outcome."""

    async def _record_share(self, share: Any) -> None:
        partition = share[0][0]
        await self._reports.send(partition.number, [step.status for _, _, step in share if step.status])
        await super()._record_share(share)


class Skipping(Offsets):
    """Offsets are committed past what is still open."""

    def to_commit(self) -> int | None:
        return None if self._next == self._committed else self._next


@dataclass(frozen=True, slots=True)
class Mutation:
    """A rule switched off: `world` is a seed's world without it, `whole` the same one with it."""

    world: Callable[[int], World]
    whole: Callable[[int], World]


def _engine(**parts: Any) -> Mutation:
    return Mutation(lambda seed: engine_world(seed, parts=Parts(**parts)), engine_world)


def _gateway(**parts: Any) -> Mutation:
    return Mutation(lambda seed: gateway_world(seed, parts=OfficeParts(**parts)), gateway_world)


def _shop(stages: Sequence[Stage]) -> Mutation:
    return Mutation(lambda seed: shop_world(seed, stages=stages), shop_world)


MUTATIONS: Mapping[str, Mutation] = {
    "settle before store": _engine(runner=SettlesFirst),
    "outputs after the unit": _engine(runner=SpeaksLast),
    "the revocation does not wait for the unit, and void units count": _engine(
        waits_when_revoked=False, heeds_void=False
    ),
    "a unit is not announced": _engine(runner=Unannounced),
    "the position is not stored": _engine(store=Forgetful),
    "a torn unit": _engine(journal=Tearing),
    "no check where a unit came to stand": _engine(journal=Unchecked),
    "void units count": _engine(heeds_void=False),
    "a failing timer takes its tick with it": _engine(guard=AllOrNothing),
    "a timer that failed stands on": _engine(guard=KeepsWhatFails),
    "a timer that is published again is passed over": _engine(guard=Deaf),
    "commit what is fetched": _engine(consumer=CommitsWhatIsFetched),
    "the intent is not awaited": _gateway(ledger=Hasty),
    "no owner check in the ledger": _gateway(ledger=Tolerant),
    "void entries count": _gateway(ledger=Believing),
    "the ledger is not read": _gateway(reads_ledger=False),
    "the last statuses are not repeated": _gateway(ledger=Mute),
    "status before outcome": _gateway(desk=ReportsFirst),
    "commit past a gap": _gateway(offsets=Skipping),
    "consents are not looked at": _gateway(checks_consents=False),
    **{name: _shop(stages) for name, stages in SHOP_MUTATIONS.items()},
}
