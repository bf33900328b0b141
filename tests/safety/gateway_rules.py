"""Rules of the gateways: a message leaves once, or is listed as doubtful; and nobody who said no hears from us."""

from collections.abc import Awaitable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from gateways.answers import Retry
from gateways.desk import Desk
from gateways.ledger import OFFSET_HEADER, ForeignWrite, Ledger
from gateways.log import Row
from gateways.memory import MemoryLog
from gateways.offsets import Offsets
from gateways.work import Partition
from schemas import codec
from schemas.consent import Consent
from schemas.delivery import AttemptState, DeliveryStatus, LedgerEntry
from schemas.words import InDoubt, Lane
from tests.safety.branch import Branch, Fittings
from tests.safety.rule import Place, Rule, require
from tests.unit.gateways.samples import COMMANDS, Office, ScriptedProvider, message, statuses

_MOMENT = timedelta(0)
_SECOND_STATUS = 4
"""The appends of a message that is sent twice: intent, outcome, intent, outcome, status."""


class _WithoutIntents:
    """A ledger that is told of a message when it is over."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def write(self, entries: Sequence[LedgerEntry]) -> None:
        await self._ledger.write([entry for entry in entries if entry.state is not AttemptState.INTENT])


class SendsFirst(Desk):
    """Writes down what became of a message, and not that it is about to leave."""

    async def open(self, partition: Partition, interrupted: Sequence[LedgerEntry]) -> None:
        partition.ledger = _WithoutIntents(partition.ledger)  # type: ignore[assignment]  # a double
        await super().open(partition, interrupted)


async def a_crash_while_a_message_is_on_its_way_is_listed(desk: type[Desk], place: Place) -> None:
    log, provider, command = MemoryLog(), ScriptedProvider(), message(in_doubt=InDoubt.DROP)
    provider.is_open.clear()
    async with Branch(log, provider, [command], Fittings(desk=desk)) as branch:
        await branch.until(lambda: len(provider.journal) > 0)
    provider.is_open.set()
    async with Branch(log.restarted(), provider, [command], Fittings(desk=desk)) as branch:
        await branch.until(lambda: branch.is_done)
    require(len(provider.journal) == 1, f"doubled: m1 was sent {len(provider.journal)} times and never in doubt")
    assert ("m1", "doubtful", 1) in statuses(log)


class AsFarAsTaken(Offsets):
    """Commits everything that was taken in."""

    def to_commit(self) -> int | None:
        return self._next


class _OnlyOnce(ScriptedProvider):
    """Takes one message and is busy from then on."""

    capacity = 1

    async def ready(self) -> None:
        if self.journal:
            self.reachable.clear()
        await super().ready()


async def a_message_that_waits_longer_than_the_next_is_not_lost(offsets: type[Offsets], place: Place) -> None:
    log, provider, fittings = MemoryLog(), _OnlyOnce(), Fittings(offsets=offsets)
    commands = [message("slow", lane=Lane.BULK), message("quick", lane=Lane.URGENT)]
    async with Branch(log, provider, commands, fittings) as branch:
        await branch.until(lambda: statuses(log) == [("quick", "accepted", 1)])
        committed = branch.partition.offsets[COMMANDS].to_commit() or 0
    again = ScriptedProvider()
    async with Branch(log.restarted(), again, commands[committed:], fittings) as branch:
        await branch.until(lambda: branch.is_done)
    require(again.journal == [("slow", 1)], f"lost: message slow, for {committed} commands were committed")


class NeverAsks(Desk):
    """Acts, whoever owns the partition by now."""

    async def _may_act(self, partition: Partition, *, needs_consents: bool = False) -> bool:
        return True


class _Ageing(MemoryLog):
    """A log whose first append takes so long that the gateway's session runs out."""

    async def enqueue(self, topic: str, partition: int, rows: Sequence[Row]) -> Awaitable[int]:
        self.old.standing.heartbeat_age = 11.0
        return await super().enqueue(topic, partition, rows)

    old: Office


async def a_gateway_that_lost_its_group_sends_nothing_more(desk: type[Desk], place: Place) -> None:
    log, slow, quick, fittings = _Ageing(), ScriptedProvider(), ScriptedProvider(), Fittings(desk=desk)
    slow.is_open.clear()
    old = Branch(log, slow, [message()], fittings)
    log.old = old
    async with old:
        await old.until(lambda: len(log.appends) > 0)
        await old.later(_MOMENT)
        async with Branch(log.restarted(), quick, [message()], fittings) as new:
            await new.until(lambda: ("m1", "accepted", 2) in statuses(log))
    sent = slow.journal + quick.journal
    require(len(sent) == 1, f"doubled: m1 was sent by {len(sent)} gateways")


class TakesAnyPlace(Ledger):
    """Goes on when an entry came to stand elsewhere."""

    async def write(self, entries: Sequence[LedgerEntry]) -> None:
        try:
            await super().write(entries)
        except ForeignWrite:
            for entry in entries:
                self._store.put(entry.message_id.encode(), codec.encode(entry))


async def a_second_writer_of_a_ledger_sends_nothing(ledger: type[Ledger], place: Place) -> None:
    """Both take themselves for the owner; the older one has not read what the newer one wrote."""
    log, provider, fittings = MemoryLog(), ScriptedProvider(), Fittings(ledger=ledger)
    async with Branch(log, provider, [], fittings) as old:
        async with Branch(log, provider, [message()], fittings) as new:
            await new.until(lambda: new.is_done)
        old.give(message())
        await old.later(_MOMENT)
    require(len(provider.journal) == 1, f"doubled: m1 was sent {len(provider.journal)} times")


class TakesVoid(Ledger):
    """Reads every entry, wherever its writer wanted it to stand."""

    def restore(self, key: bytes, value: bytes | None, headers: Iterable[tuple[str, bytes]], offset: int) -> None:
        super().restore(key, value, [each for each in headers if each[0] != OFFSET_HEADER], offset)


async def what_a_lost_gateway_wrote_undoes_nothing(ledger: type[Ledger], place: Place) -> None:
    """Its intent stands behind the outcome of the gateway that took over; it ended before it could send."""
    log, provider = MemoryLog(), ScriptedProvider()
    async with Branch(log, provider, [], Fittings()) as old:
        async with Branch(log, provider, [message()], Fittings()) as new:
            await new.until(lambda: new.is_done)
        old.give(message())
        await old.until_crashed()
    async with Branch(log.restarted(), provider, [message()], Fittings(ledger=ledger)) as third:
        await third.until(lambda: third.is_done)
        await third.later(_MOMENT)
    require(len(provider.journal) == 1, f"doubled: m1 was sent {len(provider.journal)} times")


class SaysNothingAgain(Ledger):
    """Takes every status for reported."""

    def unreported(self) -> list[DeliveryStatus]:
        return []


async def a_status_is_reported_though_its_command_is_long_committed(ledger: type[Ledger], place: Place) -> None:
    """A crash falls between the outcome of a second attempt and its status."""
    log, provider, fittings = MemoryLog(crash_before=_SECOND_STATUS), ScriptedProvider(), Fittings(ledger=ledger)
    provider.answers["m1"] = [Retry(code="451")]
    async with Branch(log, provider, [message()], fittings) as branch:
        await branch.until(lambda: branch.is_done)
        await branch.later(timedelta(minutes=1))
        await branch.until_crashed()
    again = log.restarted()
    async with Branch(again, provider, [], fittings) as branch:
        await branch.later(_MOMENT)
    require(("m1", "accepted", 2) in statuses(again), "lost: the status of m1, which was sent")


class Forgetful(Ledger):
    """Knows nothing of what is over."""

    def get(self, message_id: str) -> LedgerEntry | None:
        entry = super().get(message_id)
        return None if entry is None or entry.state.is_final else entry


async def a_command_that_comes_again_is_not_sent_again(ledger: type[Ledger], place: Place) -> None:
    log, provider = MemoryLog(), ScriptedProvider()
    for _ in range(2):
        async with Branch(log.restarted(), provider, [message()], Fittings(ledger=ledger)) as branch:
            await branch.until(lambda: branch.is_done)
    require(len(provider.journal) == 1, f"doubled: m1 was sent {len(provider.journal)} times")


class AnyConsents(Desk):
    """Takes a consent that it does not know for one that does not exist."""

    async def _may_act(self, partition: Partition, *, needs_consents: bool = False) -> bool:
        return await super()._may_act(partition, needs_consents=False)


async def a_gateway_that_does_not_know_the_consents_waits(desk: type[Desk], place: Place) -> None:
    provider = ScriptedProvider()
    async with Branch(MemoryLog(), provider, [], Fittings(desk=desk)) as branch:
        branch.standing.are_fresh = False
        branch.give(message())
        await branch.later(_MOMENT)
        branch.standing.consents["pantry|ann@example.org"] = Consent(
            tenant="pantry", address="ann@example.org", opted_out=("all",)
        )
        branch.standing.are_fresh = True
        await branch.until(lambda: branch.is_done)
    require(provider.journal == [], "sent to somebody who had said no")


RULES = (
    Rule(
        says="an intent is acknowledged before its message leaves",
        kept_by=Desk,
        at="_advance",
        without=SendsFirst,
        scenario=a_crash_while_a_message_is_on_its_way_is_listed,
    ),
    Rule(
        says="commands are committed without gaps only",
        kept_by=Offsets,
        at="to_commit",
        without=AsFarAsTaken,
        scenario=a_message_that_waits_longer_than_the_next_is_not_lost,
    ),
    Rule(
        says="only the owner of a partition sends",
        kept_by=Desk,
        at="_may_act",
        without=NeverAsks,
        scenario=a_gateway_that_lost_its_group_sends_nothing_more,
    ),
    Rule(
        says="a ledger entry at an unexpected place is fatal",
        kept_by=Ledger,
        at="write",
        without=TakesAnyPlace,
        scenario=a_second_writer_of_a_ledger_sends_nothing,
    ),
    Rule(
        says="a ledger entry at an unexpected place is void",
        kept_by=Ledger,
        at="restore",
        without=TakesVoid,
        scenario=what_a_lost_gateway_wrote_undoes_nothing,
    ),
    Rule(
        says="statuses that may be missing are reported again",
        kept_by=Ledger,
        at="unreported",
        without=SaysNothingAgain,
        scenario=a_status_is_reported_though_its_command_is_long_committed,
    ),
    Rule(
        says="a message id is sent once",
        kept_by=Ledger,
        at="get",
        without=Forgetful,
        scenario=a_command_that_comes_again_is_not_sent_again,
    ),
    Rule(
        says="nothing is sent before the consents are known",
        kept_by=Desk,
        at="_may_act",
        without=AnyConsents,
        scenario=a_gateway_that_does_not_know_the_consents_waits,
    ),
)
