"""YAML 1.2 core: what trips people up in YAML 1.1 does not, and what is unclear is refused with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.faults import Refused
from tidings.yaml_text import MAX_DEPTH, plain_value, read_yaml, write_yaml

ALIASES_OF_ALIASES = "\n".join(
    ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20))]
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("NO", "NO"),
        ("y", "y"),
        ("true", True),
        ("false", False),
        ("", None),
        ("~", None),
        ("null", None),
        ("2026-06-01", "2026-06-01"),
        ("2026-06-01T10:00:00Z", "2026-06-01T10:00:00Z"),
        ("2026-05", "2026-05"),
        ("13:00", "13:00"),
        ("1_000", "1_000"),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.2.3", "1.2.3"),
        ("+12025550101", 12025550101),
        ("0b1", "0b1"),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_an_unquoted_scalar_is_what_the_core_schema_says(text: str, value: object) -> None:
    assert plain_value(text) == value
    assert type(plain_value(text)) is type(value)


def test_what_json_escapes_in_two_halves_is_one_character() -> None:
    assert read_yaml(r'{"\ud83d\ude00": ["\ud83d\ude00 ok", "\u00e9"]}') == {"😀": ["😀 ok", "é"]}
    assert read_yaml(r'"\ud83d"') == "\ud83d"


def test_keys_and_quoted_values_are_texts_and_anchors_are_followed() -> None:
    text = 'on: [a]\n"yes": "5"\n12: !!str 5\nplace: &here {k: 1}\nagain: *here\nlong: |\n  two\n  lines\n'
    assert read_yaml(text) == {
        "on": ["a"],
        "yes": "5",
        "12": "5",
        "place": {"k": 1},
        "again": {"k": 1},
        "long": "two\nlines\n",
    }


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("a: 1\nb: 2\na: 3", "line 3", "has the key 'a' twice"),
        ("a: {b: 1, b: 2}", "line 1", "has the key 'b' twice"),
        ("a: 1\n---\nb: 2", "line 2", "holds a second document"),
        ("", "line 1", "holds nothing"),
        ("# only this", "line 1", "holds nothing"),
        ("a: *b", "line 1", "names the anchor 'b', which is not complete above it"),
        ("a: &b [*b]", "line 1", "names the anchor 'b', which is not complete above it"),
        ("a: !!binary aGk=", "line 1", "has the tag tag:yaml.org,2002:binary; only YAML's core is read"),
        ("a: !!python/object:os.system x", "line 1", "only YAML's core is read"),
        ("? [a]\n: b", "line 1", "has a key that is no text"),
        ("a: [1", "line 1", "is not YAML"),
        ("\ta: 1", "line 1", "is not YAML"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "line 1", "is nested deeper than 64 levels"),
        (ALIASES_OF_ALIASES, "line 8", "holds more than 10,000,000 values"),
    ],
)
def test_what_is_unclear_is_refused_with_its_line(text: str, path: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        read_yaml(text)
    (fault,) = refused.value.faults
    assert fault.path == path
    assert reason in fault.reason


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(st.characters(codec="utf-8"))
)


@given(st.recursive(SCALARS, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text("a1~on :#-\n"), inner))))
def test_what_is_written_is_read_as_it_was(value: object) -> None:
    assert read_yaml(write_yaml(value)) == value


def test_long_texts_keep_their_lines_and_keys_their_order() -> None:
    assert write_yaml({"b": "one\n two\n", "a": "21:00"}) == "b: |\n  one\n   two\na: 21:00\n"


def test_a_number_that_nobody_can_hold_is_read_without_a_mistake() -> None:
    assert plain_value("1" * 4_000) == int("1" * 4_000)
    assert plain_value("1" * 5_000) == float("inf")
