"""The desk: what it waits for, what it cancels, what it leaves to the next owner."""

import asyncio
from datetime import timedelta

import pytest

from gateways.answers import Retry, Unknown, Unreachable
from gateways.ledger import ForeignWrite, Ledger
from gateways.log import Row, append
from gateways.memory import MemoryLog
from gateways.store import MemoryStore
from schemas.consent import Consent
from schemas.delivery import AttemptState
from schemas.words import Lane
from tests.unit.gateways.samples import (
    COMMANDS,
    LEDGER,
    NOON,
    PATIENCE_SECONDS,
    Office,
    ScriptedProvider,
    entries,
    message,
    statuses,
    withdrawal,
)

MINUTE = timedelta(minutes=1)


def office(*commands: object) -> Office:
    return Office(MemoryLog(), ScriptedProvider(), commands)


async def test_a_stale_consent_view_sends_nobody_anything() -> None:
    async with office() as desk:
        desk.standing.are_fresh = False
        desk.give(message())
        await desk.later(timedelta(0))
        assert entries(desk.log) == []
        desk.standing.are_fresh = True
        await desk.until(lambda: desk.is_done)
    assert statuses(desk.log) == [("m1", "accepted", 1)]


async def test_an_old_heartbeat_sends_nobody_anything() -> None:
    async with office() as desk:
        desk.standing.heartbeat_age = 3.5
        desk.give(message())
        await desk.later(timedelta(0))
        assert desk.provider.journal == []
        desk.standing.heartbeat_age = 0.5
        await desk.until(lambda: desk.is_done)
    assert len(desk.provider.journal) == 1


async def test_an_opt_out_that_came_after_dispatch_is_heeded() -> None:
    async with office() as desk:
        desk.standing.consents["pantry|ann@example.org"] = Consent(
            tenant="pantry", address="ann@example.org", opted_out=("all",)
        )
        desk.give(message())
        await desk.until(lambda: desk.is_done)
    assert desk.provider.journal == []
    assert statuses(desk.log) == [("m1", "suppressed", 0)]


async def test_a_temporary_refusal_is_tried_again_and_commits_meanwhile() -> None:
    async with office() as desk:
        desk.provider.answers["m1"] = [Retry(code="451")]
        desk.give(message())
        await desk.until(lambda: desk.is_done)
        assert desk.partition.offsets[COMMANDS].to_commit() == 1
        assert statuses(desk.log) == []
        await desk.later(MINUTE)
        await desk.until(lambda: statuses(desk.log) == [("m1", "accepted", 2)])


async def test_a_lost_answer_is_listed_and_resent() -> None:
    async with office() as desk:
        desk.provider.answers["m1"] = [Unknown(detail="time-out")]
        desk.give(message())
        await desk.until(lambda: desk.is_done)
        await desk.later(MINUTE)
        await desk.until(lambda: statuses(desk.log) == [("m1", "doubtful", 1), ("m1", "accepted", 2)])


async def test_a_retry_survives_a_restart() -> None:
    async with office() as desk:
        desk.provider.answers["m1"] = [Retry(code="451")]
        desk.give(message())
        await desk.until(lambda: desk.is_done)
    async with Office(desk.log.restarted(), desk.provider, [], now=NOON + MINUTE) as later:
        await later.until(lambda: statuses(later.log) == [("m1", "accepted", 2)])


async def test_a_withdrawal_cancels_what_waits_for_its_retry() -> None:
    async with office() as desk:
        desk.provider.answers["m1"] = [Retry(code="451")]
        desk.give(message())
        await desk.until(lambda: desk.is_done)
        desk.give(withdrawal())
        await desk.until(lambda: desk.is_done)
        await desk.later(MINUTE)
    assert statuses(desk.log) == [("m1", "cancelled", 1)]
    assert len(desk.provider.journal) == 1


async def test_a_withdrawal_cancels_what_is_not_yet_sent() -> None:
    async with office() as desk:
        desk.provider.reachable.clear()
        desk.give(message())
        desk.give(withdrawal())
        await desk.later(timedelta(0))
        desk.provider.reachable.set()
        await desk.until(lambda: desk.is_done)
    assert statuses(desk.log) == [("m1", "cancelled", 0)]


async def test_a_withdrawal_that_comes_while_the_message_is_on_its_way_stops_the_retry() -> None:
    async with office() as desk:
        desk.provider.is_open.clear()
        desk.provider.answers["m1"] = [Retry(code="451")]
        desk.give(message())
        await desk.until(lambda: bool(desk.provider.journal))
        desk.give(withdrawal())
        desk.provider.is_open.set()
        await desk.until(lambda: desk.is_done)
    assert statuses(desk.log) == [("m1", "cancelled", 1)]


async def test_a_withdrawal_of_a_contact_reaches_all_its_messages_to_this_address_and_no_others() -> None:
    async with office() as desk:
        desk.provider.answers["m1"] = [Retry(code="451")]
        desk.give(message("m1"))
        await desk.until(lambda: desk.is_done)
        desk.provider.reachable.clear()
        desk.give(message("m2"))
        desk.give(message("m3", contact="c2"))
        desk.give(message("m4", to="ann@elsewhere.example"))
        desk.give(withdrawal(None, contact="c1"))
        desk.provider.reachable.set()
        await desk.until(lambda: desk.is_done)
    found = {(name, status) for name, status, _ in statuses(desk.log)}
    assert found == {("m1", "cancelled"), ("m2", "cancelled"), ("m3", "accepted"), ("m4", "accepted")}


async def test_a_message_after_its_withdrawal_is_cancelled() -> None:
    async with office(withdrawal(), message()) as desk:
        await desk.until(lambda: desk.is_done)
    assert statuses(desk.log) == [("m1", "cancelled", 0)]


async def test_while_the_provider_is_away_the_backlog_waits_without_intents() -> None:
    async with office() as desk:
        desk.provider.reachable.clear()
        for number in range(10):
            desk.give(message(f"m{number}"))
        await desk.later(MINUTE)
        assert entries(desk.log) == []
        desk.provider.reachable.set()
        await desk.until(lambda: desk.is_done)
    assert len(statuses(desk.log)) == 10


async def test_after_fifty_errors_the_provider_is_given_a_rest_and_then_probed() -> None:
    async with office() as desk:
        for number in range(200):
            desk.provider.answers[f"m{number}"] = [Unreachable(detail="refused")]
            desk.give(message(f"m{number}"))
        await desk.until(lambda: desk.desk.load.is_resting and not desk.desk.load.in_flight)
        tried = len(desk.provider.journal)
        assert 50 <= tried <= 50 + desk.provider.capacity
        await desk.later(timedelta(seconds=31))
        await desk.until(lambda: len(desk.provider.journal) >= tried + 3)
        assert len(desk.provider.journal) <= tried + 3


async def test_closing_a_partition_lets_what_is_on_its_way_end_and_leaves_the_rest() -> None:
    async with office(*(message(f"m{number}") for number in range(100))) as desk:
        desk.provider.is_open.clear()
        await desk.until(lambda: len(desk.provider.journal) > 0)
        closing = asyncio.ensure_future(desk.desk.close(0, PATIENCE_SECONDS))
        await asyncio.sleep(0.05)
        desk.provider.is_open.set()
        await closing
        sent = len(desk.provider.journal)
        await desk.later(timedelta(0))
        assert len(desk.provider.journal) == sent
    left = [entry for entry in entries(desk.log) if entry.state is AttemptState.ACCEPTED]
    assert len(left) == sent < 100
    assert desk.partition.offsets[COMMANDS].to_commit() is not None


async def test_a_second_writer_ends_the_gateway_before_anything_is_sent() -> None:
    async with office() as desk:
        await append(desk.log, LEDGER, 0, [Row(key=b"m9", value=b"written by a zombie")])
        desk.give(message())
        await desk.until_crashed()
    assert desk.provider.journal == []


async def test_a_ledger_says_where_the_foreign_record_stands() -> None:
    log = MemoryLog()
    ledger = Ledger(log=log, store=MemoryStore(), topic=LEDGER, partition=0)
    ledger.restored(7)
    async with office(message()) as desk:
        await desk.until(lambda: desk.is_done)
    with pytest.raises(ForeignWrite, match=r"ledger\.email/0: the last write ends at offset 1 instead of 8"):
        await ledger.write(entries(desk.log)[:1])


async def test_urgent_messages_do_not_wait_for_a_campaign() -> None:
    async with office() as desk:
        desk.provider.is_open.clear()
        for number in range(100):
            desk.give(message(f"b{number}", lane=Lane.BULK))
        await desk.until(lambda: len(desk.provider.journal) > 0)
        await desk.later(timedelta(0))
        desk.give(message("u1", lane=Lane.URGENT))
        await desk.until(lambda: ("u1", 1) in desk.provider.journal)
        desk.provider.is_open.set()
        await desk.until(lambda: desk.is_done)
