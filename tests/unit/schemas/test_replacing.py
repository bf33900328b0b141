"""A record with some fields changed is what `dataclasses.replace` makes of it."""

import dataclasses
from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import pytest

from schemas.candidate import Candidate
from schemas.catalogue import RECORDS
from schemas.decision import Decision
from schemas.replacing import replace, replace_struct
from schemas.state import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a test changes: it checks itself."""

    weight: int
    name: str = "none"

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise ValueError("negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a test changes: it does not."""

    name: str
    size: int = 1


@pytest.mark.parametrize("record", [pytest.param(record, id=name) for name, record in RECORDS.items()])
def test_it_is_what_the_standard_function_makes(record: Any) -> None:
    names = [field.name for field in dataclasses.fields(record)]
    before = record(**{name: object() for name in names})
    changes = {name: object() for name in names[::2]}
    changed, by_the_book = replace(before, **changes), dataclasses.replace(before, **changes)
    assert type(changed) is record
    assert [getattr(changed, name) for name in names] == [getattr(by_the_book, name) for name in names]
    assert [getattr(before, name) for name in names[::2]] != list(changes.values())


def test_what_it_makes_is_frozen_and_the_original_as_it_was() -> None:
    label = Label(name="a")
    changed = replace(label, size=2)
    assert (label, changed) == (Label(name="a"), Label(name="a", size=2))
    with pytest.raises(FrozenInstanceError):
        changed.size = 3  # type: ignore[misc]  # that is the question


def test_what_checks_itself_is_checked() -> None:
    assert replace(Parcel(weight=1), weight=2) == Parcel(weight=2)
    with pytest.raises(ValueError, match="negative"):
        replace(Parcel(weight=1), weight=-1)


@pytest.mark.parametrize("record", [Parcel(weight=1), Label(name="a")])
def test_a_field_that_is_not_there_is_a_mistake(record: Any) -> None:
    with pytest.raises(TypeError, match="colour"):
        replace(record, colour="red")


@pytest.mark.parametrize("record", [Candidate, Decision, Plan])
def test_what_is_made_quickly_can_be_copied_without_a_question(record: Any) -> None:
    names = [field.name for field in dataclasses.fields(record)]
    before, last = record(**{name: object() for name in names}), object()
    assert replace_struct(before, **{names[-1]: last}) == replace(before, **{names[-1]: last})
    with pytest.raises(TypeError, match="colour"):
        replace_struct(before, colour="red")
