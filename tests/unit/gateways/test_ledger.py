"""What a ledger makes of its topic: entries that stand in the wrong place, and statuses that may be missing."""

from dataclasses import replace

import pytest

from gateways import attempts
from gateways.answers import Accepted
from gateways.ledger import ForeignWrite, Ledger
from gateways.memory import MemoryLog
from gateways.store import MemoryStore
from schemas.delivery import AttemptState, LedgerEntry
from tests.unit.gateways.samples import LEDGER, NOON, Office, ScriptedProvider, entries, message, statuses


async def restored(log: MemoryLog) -> tuple[Ledger, tuple[LedgerEntry, ...]]:
    ledger = Ledger(log=log, store=MemoryStore(), topic=LEDGER, partition=0)
    for offset, row in enumerate(log.rows(LEDGER)):
        ledger.restore(row.key, row.value, row.headers, offset)
    return ledger, ledger.restored(len(log.rows(LEDGER)))


def intent(message_id: str = "m1") -> LedgerEntry:
    step = attempts.next_step(None, message(message_id), None, NOON)
    assert isinstance(step, attempts.Send)
    return step.entry


async def test_what_a_gateway_writes_that_lost_its_partition_does_not_count() -> None:
    log = MemoryLog()
    zombie, _ = await restored(log)
    await zombie.write([intent()])
    owner, _ = await restored(log)
    accepted = attempts.answered(intent(), message(), Accepted(), NOON).entry
    await owner.write([accepted])
    with pytest.raises(ForeignWrite):
        await zombie.write([replace(intent(), state=AttemptState.RETRY_AT, retry_at=NOON)])
    later, open_intents = await restored(log)
    assert later.get("m1") == accepted
    assert open_intents == ()


async def test_what_a_void_entry_hides_from_compaction_is_written_again() -> None:
    log = MemoryLog()
    zombie, _ = await restored(log)
    owner, _ = await restored(log)
    await owner.write([intent("m1")])
    for message_id in ("m1", "m2"):
        with pytest.raises(ForeignWrite):
            await zombie.write([intent(message_id)])
    later, _ = await restored(log)
    await later.write_voided_again()
    newest = {row.key: row.value for row in log.rows(LEDGER)}
    assert newest[b"m2"] is None
    again, open_intents = await restored(log)
    assert [entry.message_id for entry in open_intents] == ["m1"]
    assert again.get("m2") is None


async def test_the_status_of_a_retried_message_survives_a_crash_before_it_is_written() -> None:
    log, provider = MemoryLog(crash_after=1), ScriptedProvider()
    async with Office(log, provider, [message()]) as office:
        await office.until_crashed()
    assert [entry.state for entry in entries(log)] == [AttemptState.INTENT, AttemptState.ACCEPTED]
    assert statuses(log) == []
    # The command does not come again: its offset was committed when the message began to wait for its retry.
    later = log.restarted()
    async with Office(later, provider, []) as office:
        await office.until(lambda: statuses(later) == [("m1", "accepted", 1)])
    assert len(provider.journal) == 1
