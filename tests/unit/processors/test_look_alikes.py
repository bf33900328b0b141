"""Look-alikes give way to GSM-7, and nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.look_alikes import LOOK_ALIKES, rewrite
from processors.segments import GSM7_BASIC, GSM7_EXTENSION, pack

GSM7 = GSM7_BASIC | GSM7_EXTENSION


@pytest.mark.parametrize("letter", sorted(LOOK_ALIKES))
def test_a_look_alike_is_outside_the_alphabet_and_its_twin_inside(letter: str) -> None:
    assert len(letter) == 1
    assert letter not in GSM7
    assert set(LOOK_ALIKES[letter]) <= GSM7


@given(st.text(alphabet=sorted(GSM7 | LOOK_ALIKES.keys()), max_size=300))
def test_a_text_of_look_alikes_travels_as_gsm7(text: str) -> None:
    assert pack(rewrite(text).text).encoding == "gsm7"


@given(st.text(max_size=200))
def test_all_else_stays_as_it_is_and_a_second_time_changes_nothing(text: str) -> None:
    smart = rewrite(text)
    kept = [letter for letter in text if letter not in LOOK_ALIKES]
    assert [letter for letter in smart.text if letter not in GSM7] == [letter for letter in kept if letter not in GSM7]
    assert set(smart.characters) == set(text) & LOOK_ALIKES.keys()
    assert rewrite(smart.text).text == smart.text


def test_what_was_rewritten_is_listed_once_in_order() -> None:
    assert rewrite("“Don’t”… don’t").characters == ("“", "’", "”", "…")
    assert rewrite("“Don’t”… don’t").text == "\"Don't\"... don't"


@pytest.mark.parametrize("text", ["Jánoš", "Привет", "😀", "中文"])
def test_letters_are_never_misspelt(text: str) -> None:
    assert rewrite(text).text == text
