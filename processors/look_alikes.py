"""Look-alikes: characters outside the GSM-7 alphabet that have a twin inside it (`smart_encoding`).

One curly apostrophe makes a text UCS-2 and halves its room. Only punctuation, blanks and full-width letters have twins
here; letters with accents that GSM-7 lacks are left alone, for without them a name is misspelt.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from processors.segments import pack

_TWINS: Mapping[str, str] = {
    "'": "‘’‚‛′‵´`ʹʻʼʽˈˊˋ＇❛❜",
    '"': "“”„‟″‶«»ʺ˝❝❞〝〞＂",
    "-": "‐‑‒–—―−⁃﹘﹣",
    "...": "…",
    "..": "‥",
    ".": "․。",
    " ": "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "": "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff",
    "\n": "\u0085\u2028\u2029",
    "*": "•·∙●‣∗",
    "/": "⁄∕",
    "<": "‹",
    ">": "›",
    ",": "、",
    ":": "∶ː",
    "|": "¦∣ǀ",
    "~": "˜∼",
    "^": "ˆ",
    "_": "‗",
    "!": "ǃ",
    "!!": "‼",
    "!?": "⁉",
    "?!": "⁈",
    "%": "٪",
    "x": "×",
    "1/2": "½",
    "1/4": "¼",
    "3/4": "¾",
    "(c)": "©",
    "(R)": "®",
    "(TM)": "™",
    "No.": "№",
}
"""GSM-7 text → the characters that are written so."""
_WIDE = {chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F) if chr(code) != "`"}
LOOK_ALIKES: Mapping[str, str] = {
    **_WIDE,
    **{letter: twin for twin, letters in _TWINS.items() for letter in letters},
}
"""Character → what stands for it in GSM-7."""
_JOINERS = frozenset("\u200c\u200d\u200e\u200f")
"""Invisible, but words and emoji are written with them; where a text stays UCS-2, no room is gained without them."""
_FRACTION_OF_MORE = re.compile(r"(?<=[0-9])(?=[½¼¾])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A text in which look-alikes gave way to their twins, and which they were, in the order of their first place."""

    text: str
    characters: tuple[str, ...]


def rewrite(text: str) -> Rewritten:
    """Every look-alike by its twin, `2½` as `2 1/2`; all else stays as it is."""
    found = dict.fromkeys(letter for letter in text if letter in LOOK_ALIKES)
    if not found:
        return Rewritten(text=text, characters=())
    parted = _FRACTION_OF_MORE.sub(" ", text)
    made = _without(found, parted)
    if not _JOINERS.isdisjoint(found) and pack(made).encoding != "gsm7":
        found = {letter: None for letter in found if letter not in _JOINERS}
        made = _without(found, parted)
    return Rewritten(text=made, characters=tuple(found))


def _without(found: Collection[str], text: str) -> str:
    return "".join(LOOK_ALIKES[letter] if letter in found else letter for letter in text)
