"""Messages on hold: what a person's verdict does to them, once, and what it cannot do."""

from datetime import timedelta

import pytest

from gateways.answers import Retry, Unknown
from gateways.memory import MemoryLog
from schemas import codec
from schemas.consent import Consent
from schemas.delivery import AttemptState, DeliveryStatus, LedgerEntry
from schemas.envelope import Actor
from schemas.verdict import Verdict
from schemas.words import ActorKind, InDoubt
from tests.unit.gateways.samples import NOON, STATUSES, Office, ScriptedProvider, entries, message, statuses

LETTER = message(in_doubt=InDoubt.HOLD)
LATER = NOON + timedelta(days=3)
DOUBTED = ("m1", "doubtful", 1)


def verdict(*, sends_again: bool = True, attempt: int = 1) -> Verdict:
    return Verdict(
        tenant="pantry",
        message_id="m1",
        attempt=attempt,
        sends_again=sends_again,
        at=LATER,
        actor=Actor(kind=ActorKind.STAFF, id="s1"),
    )


def details(log: MemoryLog) -> list[str | None]:
    found = [codec.decode(row.value) for row in log.rows(STATUSES)]
    return [one.detail for one in found if isinstance(one, DeliveryStatus)]


async def on_hold(*answers: object) -> Office:
    """A gateway whose provider's first answer was lost, three days later; a new process of it."""
    provider = ScriptedProvider()
    provider.answers["m1"] = [Unknown(detail="lost"), *answers]  # type: ignore[list-item]
    async with Office(MemoryLog(), provider, [LETTER]) as office:
        await office.until(lambda: statuses(office.log) == [DOUBTED])
        await office.until(lambda: office.is_done)
    return Office(office.log.restarted(), provider, [], now=LATER)


def entry_of(office: Office) -> LedgerEntry:
    found = office.partition.ledger.get("m1")
    assert found is not None
    return found


async def test_a_message_on_hold_that_is_sent_again_leaves_once_however_often_it_is_said() -> None:
    async with await on_hold() as office:
        assert entry_of(office).is_on_hold
        for _ in range(3):
            office.give(verdict())
        await office.until(lambda: office.is_done)
        office.give(verdict())
        office.give(verdict(sends_again=False))
        await office.until(lambda: office.is_done)
        assert (entry_of(office).state, entry_of(office).message) == (AttemptState.ACCEPTED, None)
    assert office.provider.journal == [("m1", 1), ("m1", 2)]
    assert statuses(office.log)[-2:] == [DOUBTED, ("m1", "accepted", 2)]
    assert "staff s1 has it sent again" in details(office.log)


async def test_a_message_that_is_left_at_that_is_on_hold_no_more() -> None:
    async with await on_hold() as office:
        office.give(verdict(sends_again=False))
        office.give(verdict(sends_again=True))
        await office.until(lambda: office.is_done)
        assert (entry_of(office).state, entry_of(office).message) == (AttemptState.DOUBTFUL, None)
    assert office.provider.journal == [("m1", 1)]
    assert details(office.log)[-1] == "staff s1 leaves it at that"


async def test_a_verdict_on_another_attempt_does_nothing() -> None:
    async with await on_hold(Unknown(detail="lost again")) as office:
        office.give(verdict(attempt=2))
        await office.until(lambda: office.is_done)
        office.give(verdict())
        await office.until(lambda: entry_of(office).attempt == 2 and entry_of(office).is_on_hold)
        office.give(verdict())
        await office.until(lambda: office.is_done)
        office.give(verdict(attempt=2))
        await office.until(lambda: statuses(office.log)[-1] == ("m1", "accepted", 3))
    assert office.provider.journal == [("m1", 1), ("m1", 2), ("m1", 3)]


@pytest.mark.parametrize("known", [None, LETTER], ids=["unknown", "accepted"])
async def test_a_verdict_on_what_is_not_on_hold_does_nothing(known: object) -> None:
    async with Office(MemoryLog(), ScriptedProvider(), [known] if known else []) as office:
        await office.until(lambda: office.is_done)
        before = len(entries(office.log))
        office.give(verdict())
        await office.until(lambda: office.is_done)
        assert len(entries(office.log)) == before


async def test_whoever_said_no_meanwhile_gets_nothing_and_it_stays_doubtful() -> None:
    async with await on_hold() as office:
        office.standing.consents[LETTER.key] = Consent(tenant="pantry", address=LETTER.to, opted_out=("all",))
        office.give(verdict())
        await office.until(lambda: office.is_done)
        assert not entry_of(office).is_on_hold
    assert office.provider.journal == [("m1", 1)]
    assert details(office.log)[-1] == "staff s1 has it sent again: opted_out:all"


async def test_a_provider_that_is_busy_is_tried_again_though_the_command_is_old() -> None:
    async with await on_hold(Retry(code="503")) as office:
        office.give(verdict())
        await office.until(lambda: entry_of(office).state is AttemptState.RETRY_AT)
        await office.later(timedelta(minutes=2))
        await office.until(lambda: statuses(office.log)[-1] == ("m1", "accepted", 3))


@pytest.mark.parametrize(
    ("crash", "sent", "is_on_hold"),
    [
        pytest.param({"crash_before": 1}, [("m1", 1), ("m1", 2)], False, id="before its intent"),
        pytest.param({"crash_after": 1}, [("m1", 1)], True, id="after its intent"),
    ],
)
async def test_a_verdict_that_a_crash_interrupts_is_followed_at_most_once(
    crash: dict[str, int], sent: list[tuple[str, int]], is_on_hold: bool
) -> None:
    first = await on_hold()
    log = MemoryLog(**crash, _rows=first.log._rows)
    async with Office(log, first.provider, [verdict()], now=LATER) as office:
        await office.until_crashed()
    async with Office(log.restarted(), first.provider, [verdict()], now=LATER) as office:
        await office.until(lambda: office.is_done)
        assert (entry_of(office).is_on_hold, entry_of(office).attempt) == (is_on_hold, 2)
    assert first.provider.journal == sent
