"""The checker notices what must not be: a checker that finds nothing would praise any engine."""

from pathlib import Path

import pytest

from tests.chaos.answers import Answers, Appended
from tests.chaos.faults import Fault, Kind
from tests.chaos.feed import Inputs
from tests.chaos.fleet import Fleet
from tests.chaos.stage import Poison, Word
from tests.chaos.torment import Strike
from tests.chaos.verdict import Findings, broken_laws, findings
from tidings.config import Kafka

HEARD = f"{Word.HEARD} naive e1"
LETTER = "naive events/0/7"
KILLED_AT = 1000.0


def found(answers: Answers, *, resumed_by: str = "w1:2") -> Findings:
    inputs = Inputs(records=2, answers=frozenset({HEARD}), letters=frozenset({LETTER}))
    sent_before, after = Appended(1_000_100, "w1:1"), Appended(1_004_000, resumed_by)
    answers.appended["naive", 0] += [sent_before, after]
    strike = Strike(
        fault=Fault(kind=Kind.KILL),
        at=KILLED_AT,
        kills=1,
        places=frozenset({("naive", 0)}),
        gone=frozenset({"w1:1"}),
    )
    return findings("static naive", inputs, answers, [strike], Fleet(Path("nowhere"), lambda _: []))


def laws(answers: Answers, resumed_by: str = "w1:2", within_seconds: float = 5.0) -> list[str]:
    return list(broken_laws(found(answers, resumed_by=resumed_by), resumes_within_seconds=within_seconds))


def sound() -> Answers:
    answers = Answers(kafka=Kafka())
    answers.contents[HEARD] = [1]
    answers.letters[LETTER] = [1]
    return answers


def test_a_sound_trial_breaks_no_law_and_an_output_may_be_repeated_with_the_same_content() -> None:
    answers = sound()
    assert laws(answers) == []
    answers.contents[HEARD] = [1, 1]
    answers.letters[LETTER] = [1, 1]
    assert laws(answers) == []


@pytest.mark.parametrize(
    ("name", "appearances", "law"),
    [
        (HEARD, [], "1 answers are missing"),
        (HEARD, [1, 2], "1 answers were repeated with another content"),
        (f"{Word.HEARD} naive {Poison.RAISE}-9", [1], "1 answers were not asked for"),
        (f"{Word.REPLAYED} naive events/0/3", [1], "1 records were performed twice"),
        (f"{Word.UNJOINED} naive e1", [1], "1 events were not joined with settings"),
    ],
)
def test_an_answer_too_few_too_many_or_changed_breaks_a_law(name: str, appearances: list[int], law: str) -> None:
    answers = sound()
    answers.contents.pop(name, None)
    if appearances:
        answers.contents[name] = appearances
    assert laws(answers) == [f"static naive: {law}"]


@pytest.mark.parametrize(
    ("name", "appearances", "law"),
    [
        (LETTER, [], "1 poisonous records are not among the dead letters"),
        (LETTER, [1, 2], "1 dead letters were repeated with another content"),
        ("naive events/0/8", [1], "1 sound records are among the dead letters"),
    ],
)
def test_a_dead_letter_too_few_too_many_or_changed_breaks_a_law(name: str, appearances: list[int], law: str) -> None:
    answers = sound()
    answers.letters.pop(name, None)
    if appearances:
        answers.letters[name] = appearances
    assert laws(answers) == [f"static naive: {law}"]


def test_what_a_victim_had_sent_before_its_end_is_no_resumption() -> None:
    assert found(sound()).slowest_resumption_seconds == 4.0
    assert laws(sound(), within_seconds=3.0) == ["static naive: after kill -9 it took 4.0 s, not 3 s"]
    assert laws(sound(), resumed_by="w1:1") == ["static naive: after kill -9 it took 999.0 s, not 5 s"]
