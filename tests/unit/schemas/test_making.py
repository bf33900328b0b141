"""Records that are made quickly are what their dataclasses would make."""

import copy
import inspect
import pickle
from dataclasses import dataclass, field, fields, make_dataclass, replace
from typing import Any

import pytest

from schemas.candidate import Candidate
from schemas.decision import Decision
from schemas.faults import Refused
from schemas.making import made_quickly
from schemas.message import Message
from schemas.validation import parse


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a test sends."""

    name: str
    weight: int = 1
    stamps: list[str] = field(default_factory=list)
    turn: str = "a name that its making might take for its own"
    made: str = "and another"


def test_it_has_what_it_was_given_and_defaults_of_its_own() -> None:
    first, second = Parcel(name="a"), Parcel(name="b", weight=2, stamps=["x"])
    assert (first.name, first.weight, first.stamps) == ("a", 1, [])
    assert (second.name, second.weight, second.stamps) == ("b", 2, ["x"])
    assert first.stamps is not Parcel(name="a").stamps
    assert replace(second, weight=3) == Parcel(name="b", weight=3, stamps=["x"])
    assert copy.deepcopy(second) == second
    assert pickle.loads(pickle.dumps(second)) == second
    assert type(first) is Parcel


def test_it_stays_frozen() -> None:
    parcel = Parcel(name="a")
    with pytest.raises(AttributeError):
        parcel.name = "b"  # type: ignore[misc]  # that is the question
    with pytest.raises(AttributeError):
        del parcel.name


@pytest.mark.parametrize("given", [{}, {"name": "a", "colour": "red"}])
def test_what_is_missing_or_unknown_is_a_mistake(given: dict[str, str]) -> None:
    with pytest.raises(TypeError, match=r"name|colour"):
        Parcel(**given)  # type: ignore[arg-type]  # that is the question


@pytest.mark.parametrize("record", [Message, Candidate, Decision])
def test_records_take_what_their_dataclasses_take(record: Any) -> None:
    own = [
        (each.name, each.type, field(default=each.default, default_factory=each.default_factory))
        for each in fields(record)
    ]
    plain = make_dataclass("Plain", own, frozen=True, kw_only=True)
    takes, should_take = (
        [(each.name, each.kind, each.default is each.empty) for each in inspect.signature(made).parameters.values()]
        for made in (record, plain)
    )
    assert takes == should_take


def test_it_is_read_from_plain_values_as_its_dataclass_would_be() -> None:
    assert parse(Parcel, {"name": "a", "stamps": ["x"]}) == Parcel(name="a", stamps=["x"])
    with pytest.raises(Refused) as refused:
        parse(Parcel, {"weight": "heavy"})
    assert {fault.path for fault in refused.value.faults} == {"name", "weight"}


def test_a_record_that_checks_itself_is_not_made_past_its_checks() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Checked:
        name: str

        def __post_init__(self) -> None:
            raise ValueError(self.name)

    with pytest.raises(TypeError, match="Checked checks itself"):
        made_quickly(Checked)
