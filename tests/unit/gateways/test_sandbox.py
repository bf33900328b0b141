"""The sandbox: what its plan says becomes an answer, and a report that is to come survives a crash."""

from datetime import timedelta
from pathlib import Path

import pytest

from gateways.answers import Accepted, Answer, Foretold, Rejected, Retry, Unknown
from gateways.memory import MemoryLog
from gateways.outcomes import Outcome, Plan, outcome_of, read_plan
from gateways.sandbox import CALL_AGAIN_AFTER, Sandbox, answer
from schemas.faults import Refused
from schemas.words import Channel, Status
from tests.unit.gateways.samples import LEDGER, Office, ScriptedProvider, message, statuses

DELAY = timedelta(seconds=20)
REF = "sandbox-m1"


@pytest.mark.parametrize(
    ("word", "attempt", "wanted"),
    [
        ("delivered", 1, Accepted(provider_ref=REF, report=Foretold(status=Status.DELIVERED, after=DELAY))),
        ("machine", 1, Accepted(provider_ref=REF, report=Foretold(status=Status.VOICEMAIL_LEFT, after=DELAY))),
        ("returned", 1, Accepted(provider_ref=REF, report=Foretold(status=Status.UNDELIVERED, after=DELAY))),
        ("accepted", 1, Accepted(provider_ref=REF)),
        ("failed:30003", 1, Rejected(code="30003")),
        ("failed", 1, Rejected(code="failed")),
        ("failed:503", 1, Retry(code="503")),
        ("timeout", 1, Retry(code="timeout")),
        ("busy", 2, Retry(code="busy", after=CALL_AGAIN_AFTER)),
        ("no_answer", 3, Rejected(code="no_answer")),
        ("doubtful", 1, Unknown(detail="the sandbox lost its own answer, as planned")),
    ],
)
def test_a_word_of_the_plan_is_an_answer(word: str, attempt: int, wanted: Answer) -> None:
    assert answer(word, attempt, DELAY, "m1") == wanted


def test_the_first_outcome_that_fits_is_taken() -> None:
    plan = Plan(
        outcomes=(
            Outcome(to="+1202555*", channel=Channel.VOICE, answer="busy"),
            Outcome(to="*@EXAMPLE.org", answer="bounced"),
            Outcome(to="+1202555*", answer=("failed:503", "undelivered")),
        )
    )
    text = message(to="+12025550123", channel=Channel.SMS)
    assert [plan.of(text).word(attempt) for attempt in (1, 2, 3)] == ["failed:503", "undelivered", "delivered"]
    assert plan.of(message(to="+12025550123", channel=Channel.VOICE)).answer == "busy"
    assert plan.of(message(to="ann@example.ORG")).answer == "bounced"
    assert plan.of(message(to="+4420")).answer == "delivered"


def test_a_share_is_drawn_from_the_seed_and_the_message() -> None:
    def failed(seed: int) -> list[str]:
        plan = Plan(seed=seed, outcomes=(Outcome(answer="failed:1", share=0.25),))
        ids = [f"m{number}" for number in range(2_000)]
        return [each for each in ids if plan.of(message(each)).answer == "failed:1"]

    assert failed(7) == failed(7)
    assert failed(7) != failed(8)
    assert 400 < len(failed(7)) < 600


def test_a_plan_is_read_whole_and_every_fault_of_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('seed = 3\n[[outcomes]]\nto = "+1*"\nanswer = "undelivered"\nafter_seconds = 5\n')
    assert read_plan(path).of(message(to="+1202")).after_seconds == 5
    path.write_text('[[outcomes]]\nanswer = "lost"\nshare = 2\n[[outcomes]]\nanswers = "busy"\n')
    with pytest.raises(Refused) as refused:
        read_plan(path)
    wrong = {"outcomes.0.answer", "outcomes.0.share", "outcomes.1.answer", "outcomes.1.answers"}
    assert {fault.path for fault in refused.value.faults} <= wrong
    assert "outcomes.0.share: must be at most 1" in str(refused.value)
    assert "no provider answers 'lost'" in str(refused.value)
    assert "outcomes.1.answers: unknown key" in str(refused.value)
    for wrong_answer in ("5", "[]", "[5]"):
        path.write_text(f"[[outcomes]]\nanswer = {wrong_answer}\n")
        with pytest.raises(Refused, match="answer: must be an answer or a list of answers, not"):
            read_plan(path)
    with pytest.raises(Refused, match="cannot be read"):
        read_plan(tmp_path / "none.toml")
    assert outcome_of("+1*=failed:21211").answer == "failed:21211"
    with pytest.raises(Refused, match="PATTERN=ANSWER"):
        outcome_of("failed")
    with pytest.raises(Refused, match="no provider answers 'cancelled'"):
        outcome_of("*=cancelled")


async def test_a_message_is_delivered_unless_the_plan_says_otherwise() -> None:
    assert await Sandbox(Channel.SMS, Plan()).send(message("m1"), 1) == Accepted(
        provider_ref=REF, report=Foretold(status=Status.DELIVERED)
    )


async def test_a_report_that_is_to_come_survives_a_crash_and_comes_once() -> None:
    log, provider = MemoryLog(), ScriptedProvider()
    provider.answers["m1"] = [Accepted(report=Foretold(status=Status.DELIVERED, after=DELAY))]
    async with Office(log, provider, [message()]) as office:
        await office.until(lambda: office.is_done)
    assert statuses(log) == [("m1", "accepted", 1)]
    later = office.now + DELAY
    async with Office(log.restarted(), provider, [message()], office.now) as again:
        await again.until(lambda: again.is_done)
        assert statuses(again.log) == [("m1", "accepted", 1)]
        await again.later(DELAY)
        await again.until(lambda: len(statuses(again.log)) == 2)
    assert statuses(again.log)[-1] == ("m1", "delivered", 1)
    assert provider.journal == [("m1", 1)]
    async with Office(again.log.restarted(), provider, [message()], later) as third:
        await third.until(lambda: third.is_done)
        await third.later(DELAY)
    assert set(statuses(third.log)[2:]) == {("m1", "delivered", 1)}
    assert len(third.log.rows(LEDGER)) == 3
    assert provider.journal == [("m1", 1)]
