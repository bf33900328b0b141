import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.merge_patch import merge_patch
from tidings.tenant_settings.difference import Change, changes, patch_between

SCALARS = st.one_of(st.booleans(), st.integers(-5, 5), st.text("ab", max_size=2))
NAMES = st.text("abc", min_size=1, max_size=2)
VALUES = st.recursive(
    st.one_of(SCALARS, st.lists(SCALARS, max_size=3)), lambda inner: st.dictionaries(NAMES, inner, max_size=3)
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=4)


@given(DOCUMENTS, DOCUMENTS)
def test_the_patch_makes_one_document_of_the_other(before: dict[str, object], after: dict[str, object]) -> None:
    assert merge_patch(before, patch_between(before, after)) == after


@given(DOCUMENTS, DOCUMENTS)
def test_changes_are_named_exactly_where_documents_differ(before: dict[str, object], after: dict[str, object]) -> None:
    assert bool(changes(before, after)) == (before != after)
    there = {(each.path, repr(each.before), repr(each.after)) for each in changes(before, after)}
    assert {(each.path, repr(each.after), repr(each.before)) for each in changes(after, before)} == there
    assert not any(each.before == each.after for each in changes(before, after))


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ({"a": 1}, {"a": 2}, [Change(path="a", before=1, after=2)]),
        ({"a": {"b": 1}}, {}, [Change(path="a.b", before=1)]),
        ({}, {"a": {"b": {"c": 1}}}, [Change(path="a.b.c", after=1)]),
        ({"a": {}}, {}, [Change(path="a", before={})]),
        ({"a": 1}, {"a": {"b": 1}}, [Change(path="a", before=1, after={"b": 1})]),
        ({"days": [1, 7]}, {"days": [1]}, [Change(path="days", before=[1, 7], after=[1])]),
        (
            {"staff": [{"id": "s1", "name": "A"}, {"id": "s2"}]},
            {"staff": [{"id": "s1", "name": "B"}]},
            [Change(path="staff.s1.name", before="A", after="B"), Change(path="staff.s2.id", before="s2")],
        ),
        (
            {"rules": [{"id": "r1"}, {"id": "r2"}]},
            {"rules": [{"id": "r2"}, {"id": "r1"}]},
            [Change(path="rules (order)", before=["r1", "r2"], after=["r2", "r1"])],
        ),
    ],
)
def test_a_change_is_named_by_its_path(
    before: dict[str, object], after: dict[str, object], wanted: list[Change]
) -> None:
    assert list(changes(before, after)) == wanted
