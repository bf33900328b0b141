"""Every crash point of the outbound design has the outcome that its table names, whatever the policy."""

from datetime import timedelta

import pytest

from gateways.memory import MemoryLog
from schemas.words import InDoubt
from tests.unit.gateways.samples import Office, ScriptedProvider, message, statuses

INTENT, OUTCOME, STATUS = 0, 1, 2
"""The appends of one message, in order."""

RESENT = [("m1", "doubtful", 1), ("m1", "accepted", 2)]
LISTED = [("m1", "doubtful", 1)]
ONCE = [("m1", "accepted", 1)]


@pytest.mark.parametrize(
    ("crash", "policy", "sent", "reported"),
    [
        pytest.param({"crash_before": INTENT}, InDoubt.RESEND, 1, ONCE, id="before the intent, resend"),
        pytest.param({"crash_before": INTENT}, InDoubt.DROP, 1, ONCE, id="before the intent, drop"),
        pytest.param({"crash_after": INTENT}, InDoubt.RESEND, 1, RESENT, id="intent acked, nothing sent, resend"),
        pytest.param({"crash_after": INTENT}, InDoubt.DROP, 0, LISTED, id="intent acked, nothing sent, drop"),
        pytest.param({"crash_after": INTENT}, InDoubt.HOLD, 0, LISTED, id="intent acked, nothing sent, hold"),
        pytest.param({"crash_before": OUTCOME}, InDoubt.RESEND, 2, RESENT, id="accepted, not written, resend"),
        pytest.param({"crash_before": OUTCOME}, InDoubt.DROP, 1, LISTED, id="accepted, not written, drop"),
        pytest.param({"crash_after": OUTCOME}, InDoubt.RESEND, 1, ONCE, id="outcome written, status missing, resend"),
        pytest.param({"crash_before": STATUS}, InDoubt.DROP, 1, ONCE, id="outcome written, status missing, drop"),
        pytest.param({"crash_after": STATUS}, InDoubt.RESEND, 1, ONCE, id="status written, commit missing"),
    ],
)
async def test_a_crash_has_a_known_outcome(
    crash: dict[str, int], policy: InDoubt, sent: int, reported: list[tuple[str, str, int]]
) -> None:
    provider, command = ScriptedProvider(), message(in_doubt=policy)
    async with Office(MemoryLog(**crash), provider, [command]) as office:
        await office.until_crashed()
    log = office.log.restarted()
    async with Office(log, provider, [command]) as office:
        await office.until(lambda: office.is_done and len(statuses(log)) >= len(reported))
        await office.until(lambda: len(provider.journal) == sent)
    # What is over is reported once more when its command comes again; that changes nothing.
    assert list(dict.fromkeys(statuses(log))) == reported
    assert len(provider.journal) == sent


async def test_a_command_that_comes_twice_is_sent_once() -> None:
    log, provider = MemoryLog(), ScriptedProvider()
    async with Office(log, provider, [message(), message()]) as office:
        await office.until(lambda: office.is_done)
        office.give(message())
        await office.until(lambda: office.is_done)
    assert len(provider.journal) == 1
    assert set(statuses(log)) == {("m1", "accepted", 1)}


async def test_a_replay_of_the_topic_sends_nothing_and_reports_again() -> None:
    log, provider = MemoryLog(), ScriptedProvider()
    commands = [message(f"m{number}") for number in range(50)]
    for _ in range(2):
        async with Office(log, provider, commands) as office:
            await office.until(lambda: office.is_done)
    assert len(provider.journal) == 50
    # Once when it was sent, once because the restart cannot know whether that was written, once for the replay.
    assert len(statuses(log)) == 150


async def test_no_more_messages_are_in_doubt_than_were_on_their_way() -> None:
    log, provider = MemoryLog(), ScriptedProvider()
    provider.is_open.clear()
    commands = [message(f"m{number}") for number in range(100)]
    async with Office(log, provider, commands) as office:
        await office.until(lambda: len(provider.journal) > 0)
        await office.later(office.now - office.now)
    on_their_way = len(provider.journal)
    provider.is_open.set()
    async with Office(log.restarted(), provider, commands) as office:
        await office.until(lambda: office.is_done)
    doubtful = [one for one in statuses(log) if one[1] == "doubtful"]
    assert len(doubtful) == on_their_way <= provider.capacity
    assert {name for name, _ in provider.journal} == {command.message_id for command in commands}


async def test_a_message_on_hold_is_kept_whole_for_the_person_who_decides() -> None:
    provider, command = ScriptedProvider(), message(in_doubt=InDoubt.HOLD)
    async with Office(MemoryLog(crash_after=INTENT), provider, [command]) as office:
        await office.until_crashed()
    log = office.log.restarted()
    async with Office(log, provider, [command]) as office:
        await office.until(lambda: office.is_done)
        entry = office.partition.ledger.get("m1")
    assert entry is not None
    assert entry.message == command


async def test_waiting_before_a_resend_leaves_time_for_a_report() -> None:
    provider, command = ScriptedProvider(), message(in_doubt=InDoubt.WAIT_THEN_RESEND)
    async with Office(MemoryLog(crash_after=INTENT), provider, [command]) as office:
        await office.until_crashed()
    log = office.log.restarted()
    async with Office(log, provider, []) as office:
        await office.later(timedelta(minutes=9))
        assert provider.journal == []
        await office.later(timedelta(minutes=2))
        await office.until(lambda: statuses(log) == RESENT)
    assert provider.journal == [("m1", 2)]
