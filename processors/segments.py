"""Segments: how many billable parts a text has (3GPP TS 23.038 and 23.040; contract section 9, Segments)."""

from dataclasses import dataclass

GSM7_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet: one septet each."""
GSM7_EXTENSION = frozenset("^{}\\[~]|€\f")
"""The extension table: two septets each, never split over two parts."""
_GSM7 = GSM7_BASIC | GSM7_EXTENSION
GSM7_ALONE, GSM7_PART = 160, 153
UCS2_ALONE, UCS2_PART = 70, 67


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """How a text travels: its encoding (`gsm7` or `ucs2`) and the number of its parts."""

    encoding: str
    segments: int


def pack(text: str) -> Packing:
    """Pack a text exactly: no escape pair and no surrogate pair is split over two parts; an empty text is one part."""
    letters = set(text)
    if letters <= GSM7_BASIC:
        return Packing(encoding="gsm7", segments=1 if len(text) <= GSM7_ALONE else -(-len(text) // GSM7_PART))
    if letters <= _GSM7:
        widths = [2 if letter in GSM7_EXTENSION else 1 for letter in text]
        return Packing(encoding="gsm7", segments=_parts(widths, GSM7_ALONE, GSM7_PART))
    widths = [2 if ord(letter) > 0xFFFF else 1 for letter in text]
    return Packing(encoding="ucs2", segments=_parts(widths, UCS2_ALONE, UCS2_PART))


def naive_segments(text: str) -> int:
    """Parts as the price model `naive160` counts them: 160 characters each, whatever they are."""
    return max(1, -(-len(text) // GSM7_ALONE))


def _parts(widths: list[int], alone: int, part: int) -> int:
    if sum(widths) <= alone:
        return 1
    parts, room = 1, part
    for width in widths:
        if width > room:
            parts, room = parts + 1, part
        room -= width
    return parts
