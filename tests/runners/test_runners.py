"""One suite for all runners: what was rehearsed in memory is what happens on Kafka."""

import pytest

from schemas import codec
from schemas.state import Alarm
from tests.runners.cases import CASES
from tests.runners.runners import RUNNERS, Result, results_of


@pytest.fixture(params=RUNNERS)
def runner(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a runner that has done all cases."""
    name = str(request.param)
    where = () if name != "faust" else (request.getfixturevalue("kafka"), tmp_path_factory.mktemp("runners"))
    results_of(name, *where)
    return name


@pytest.mark.parametrize("name", CASES)
def test_every_runner_does_the_same(runner: str, name: str) -> None:
    case, result = CASES[name], results_of(runner)[name]
    assert result.answers == list(case.answers)
    assert result.counts == _counted(result), "the second stage hears each answer once, in order"
    found = {int(str(letter.event_id).rpartition(".")[2]): letter for letter in result.letters}
    assert found.keys() == case.letters.keys()
    for number, letter in found.items():
        fault = letter.faults[0]
        said = f"{fault.path}: {fault.reason}" if fault.path else fault.reason
        assert case.letters[number] in said
        assert (letter.tenant, letter.type) == ("lab", "experiment.begun")
        assert (letter.stack is not None) is case.has_stack


@pytest.mark.parametrize("name", CASES)
def test_every_runner_sets_the_same_timers_aside(runner: str, name: str) -> None:
    case, found = CASES[name], sorted(results_of(runner)[name].timers_aside, key=lambda each: (each.offset, each.timer))
    assert len(found) == len(case.timers_aside)
    for letter, (row, wrong) in zip(found, case.timers_aside, strict=True):
        assert wrong in str(letter.faults[0])
        assert letter.id == f"ticks/{letter.partition}/{letter.offset}/try/{letter.timer}"
        assert letter.key is not None
        assert letter.value is not None
        assert letter.key.decode().partition("\0")[2] == f"{name}/{row}"
        assert codec.decode(letter.value) == Alarm(row=f"{name}/{row}")
        assert letter.headers == {"stage": b"try"}
        assert (letter.stack is not None) is ("Error: " in wrong)


def _counted(result: Result) -> list[int]:
    """Answers of timers are counted with the others of the case only when their ids say so."""
    plain = [answer_id for answer_id, _ in result.answers if not answer_id.endswith("rang")]
    rang = len(result.answers) - len(plain)
    return [*range(1, len(plain) + 1), *[len(plain)] * rang]
