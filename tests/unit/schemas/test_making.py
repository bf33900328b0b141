"""Records that are made quickly are what their dataclasses would make."""

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, make_dataclass, replace

import pytest

from schemas.candidate import Candidate
from schemas.decision import Decision
from schemas.making import made_quickly, maker
from schemas.message import Message


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a test sends."""

    name: str
    weight: int = 1
    stamps: list[str] = field(default_factory=list)
    turn: str = "a name that its making might take for its own"
    made: str = "and another"


WAYS = pytest.mark.parametrize("make", [Parcel, maker(Parcel)], ids=["the class", "its maker"])


@WAYS
def test_it_has_what_it_was_given_and_defaults_of_its_own(make: type[Parcel]) -> None:
    first, second = make(name="a"), make(name="b", weight=2, stamps=["x"])
    assert (first.name, first.weight, first.stamps) == ("a", 1, [])
    assert (second.name, second.weight, second.stamps) == ("b", 2, ["x"])
    assert first.stamps is not make(name="a").stamps
    assert replace(second, weight=3) == Parcel(name="b", weight=3, stamps=["x"])
    assert copy.deepcopy(second) == second
    assert pickle.loads(pickle.dumps(second)) == second
    assert type(first) is Parcel


@WAYS
def test_it_stays_frozen(make: type[Parcel]) -> None:
    parcel = make(name="a")
    with pytest.raises(FrozenInstanceError):
        parcel.name = "b"  # type: ignore[misc]  # that is the question
    with pytest.raises(FrozenInstanceError):
        del parcel.name


@WAYS
@pytest.mark.parametrize("given", [{}, {"name": "a", "colour": "red"}])
def test_what_is_missing_or_unknown_is_a_mistake(make: type[Parcel], given: dict[str, str]) -> None:
    with pytest.raises(TypeError, match=r"name|colour"):
        make(**given)  # type: ignore[arg-type]  # that is the question


@pytest.mark.parametrize("record", [Message, Candidate, Decision])
def test_records_take_what_their_dataclasses_take(record: type) -> None:
    plain = make_dataclass("Plain", [], bases=(record,), frozen=True, kw_only=True)
    assert record.__init__.__code__.co_filename.startswith("<making of ")  # type: ignore[misc]  # no subclass here
    assert inspect.signature(record) == inspect.signature(plain)


def test_a_record_that_checks_itself_is_not_made_past_its_checks() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Checked:
        name: str

        def __post_init__(self) -> None:
            raise ValueError(self.name)

    with pytest.raises(TypeError, match="Checked checks itself"):
        made_quickly(Checked)
    with pytest.raises(TypeError, match="Checked checks itself"):
        maker(Checked)
