"""What nobody may write into a message: characters that screens, phones and protocols take for commands."""

import re

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85]")
_COMMANDS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""They make what follows run the other way, which in a line of text may show another address than there is."""


def clean_text(text: str) -> str:
    """The text with plain line ends; C0 and C1 controls, lone surrogates and what is no character are gone.

    Nothing of these is printable, and Python tells that in a tenth of the time that the patterns take.
    """
    if text.replace("\n", "").isprintable():
        return text
    return _COMMANDS.sub("", _LINE_ENDS.sub("\n", text))


def clean_line(text: str) -> str:
    """One line: the same, with single spaces, and in the direction of its letters."""
    return " ".join(_TURNS.sub("", clean_text(text)).split())
