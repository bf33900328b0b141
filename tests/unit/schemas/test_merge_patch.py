"""Merge patches: the table of RFC 7396, appendix A, and that nothing is changed in place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.merge_patch import merge_patch

RFC_7396: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]
MAPS = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(st.none() | st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=6),
)


@pytest.mark.parametrize(("document", "patch", "expected"), RFC_7396)
def test_a_patch_does_what_the_rfc_says(document: object, patch: object, expected: object) -> None:
    assert merge_patch(document, patch) == expected


@given(MAPS, MAPS)
def test_applying_a_patch_twice_is_applying_it_once(document: dict[str, Any], patch: dict[str, Any]) -> None:
    once = merge_patch(document, patch)
    assert merge_patch(once, patch) == once


def test_neither_document_nor_patch_is_touched() -> None:
    document, patch = {"a": {"b": 1}}, {"a": {"b": None, "c": 2}}
    assert merge_patch(document, patch) == {"a": {"c": 2}}
    assert (document, patch) == ({"a": {"b": 1}}, {"a": {"b": None, "c": 2}})
