"""Look-alikes give way to GSM-7, and nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.look_alikes import LOOK_ALIKES, rewrite
from processors.segments import GSM7_BASIC, GSM7_EXTENSION, pack

GSM7 = GSM7_BASIC | GSM7_EXTENSION
JOINERS = frozenset("\u200c\u200d\u200e\u200f")
FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
PERSIAN = "می\u200cخواهم"


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
    kept = [letter for letter in text if letter not in smart.characters]
    assert [letter for letter in smart.text if letter not in GSM7] == [letter for letter in kept if letter not in GSM7]
    assert set(smart.characters) == set(text) & LOOK_ALIKES.keys() - (set(smart.text) & JOINERS)
    assert rewrite(smart.text).text == smart.text


def test_what_was_rewritten_is_listed_once_in_order() -> None:
    assert rewrite("“Don’t”… don’t").characters == ("“", "’", "”", "…")
    assert rewrite("“Don’t”… don’t").text == "\"Don't\"... don't"


@pytest.mark.parametrize("text", ["Jánoš", "Привет", "😀", "中文"])
def test_letters_are_never_misspelt(text: str) -> None:
    assert rewrite(text).text == text


@pytest.mark.parametrize(("text", "written"), [("1½ lb", "1 1/2 lb"), ("½ lb", "1/2 lb"), ("10¾", "10 3/4")])
def test_a_fraction_stays_the_number_that_it_is(text: str, written: str) -> None:
    assert rewrite(text).text == written


@pytest.mark.parametrize("text", [FAMILY, PERSIAN])
def test_what_holds_an_emoji_or_a_word_together_stays_where_no_room_is_gained(text: str) -> None:
    assert rewrite(text + "\u2026").text == text + "..."
    assert rewrite(text).characters == ()


def test_what_joins_nothing_goes_where_the_text_then_fits_into_gsm7() -> None:
    assert rewrite("stop\u200d by").text == "stop by"
