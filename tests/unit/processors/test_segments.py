import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from processors.segments import GSM7_BASIC, GSM7_EXTENSION, naive_segments, pack

GSM7 = st.text(alphabet=sorted((GSM7_BASIC | GSM7_EXTENSION) - {"\r"}), max_size=700)
"""smsutil counts CR LF as one letter; ours never does, so CR stays out of the comparison."""


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("", "gsm7", 1),
        ("a" * 160, "gsm7", 1),
        ("a" * 161, "gsm7", 2),
        ("a" * 306, "gsm7", 2),
        ("a" * 307, "gsm7", 3),
        ("€" * 80, "gsm7", 1),
        ("€" * 81, "gsm7", 2),
        ("a" * 152 + "€" + "a" * 151, "gsm7", 2),
        ("a" * 152 + "€" + "a" * 152, "gsm7", 3),
        ("’" + "a" * 69, "ucs2", 1),
        ("’" + "a" * 70, "ucs2", 2),
        ("😀" * 35, "ucs2", 1),
        ("😀" * 36, "ucs2", 2),
        ("😀" * 66, "ucs2", 2),
        ("😀" * 67, "ucs2", 3),
    ],
)
def test_a_text_is_packed_exactly(text: str, encoding: str, segments: int) -> None:
    packing = pack(text)
    assert (packing.encoding, packing.segments) == (encoding, segments)


UCS2 = st.text(alphabet=["a", "é", "’", "中", "😀", "𝄞"], max_size=400)
"""Ours and smsutil's also differ on ESC, which is no letter: smsutil takes it for one of GSM-7, we for none."""


@given(st.one_of(GSM7, UCS2))
def test_letters_pairs_and_surrogates_are_counted_as_an_independent_library_counts_them(text: str) -> None:
    counted = smsutil.split(text)
    assert pack(text).segments == max(1, len(counted.parts))
    # smsutil calls the empty text UCS-2, in no parts.
    assert not text or pack(text).encoding == {"gsm0338": "gsm7", "utf_16_be": "ucs2"}[counted.encoding]


def test_an_escape_is_no_letter_of_the_alphabet() -> None:
    assert (pack("a\x1bb").encoding, smsutil.split("a\x1bb").encoding) == ("ucs2", "gsm0338")


@given(st.text(alphabet=sorted(GSM7_BASIC | GSM7_EXTENSION), max_size=700))
def test_an_escape_pair_never_makes_a_text_shorter(text: str) -> None:
    septets = sum(2 if letter in GSM7_EXTENSION else 1 for letter in text)
    least = 1 if septets <= 160 else -(-septets // 153)
    most = 1 if septets <= 160 else -(-septets // 152)
    assert least <= pack(text).segments <= most


def test_the_naive_count_takes_160_characters_whatever_they_are() -> None:
    assert [naive_segments(text) for text in ("", "’" * 160, "’" * 161)] == [1, 1, 2]
