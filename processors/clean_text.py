"""What nobody may write into a message: characters that screens, phones and protocols take for commands."""

import re

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85]")
_COMMANDS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""They make what follows run the other way, which in a line of text may show another address than there is."""
_ASCII_COMMANDS = bytes({*range(0x20), 0x7F} - {*b"\t\n"})


def clean_text(text: str) -> str:
    """The text with plain line ends; C0 and C1 controls, lone surrogates and what is no character are gone.

    Nearly always nothing is to be done, which Python tells in a fraction of the time that the patterns take: of ASCII
    by counting bytes, of other letters because none of these is printable.
    """
    if text.isascii():
        if len(text.encode().translate(None, _ASCII_COMMANDS)) == len(text):
            return text
    elif text.replace("\n", "").isprintable():
        return text
    return _COMMANDS.sub("", _LINE_ENDS.sub("\n", text))


def clean_line(text: str) -> str:
    """One line: the same, with single spaces, and in the direction of its letters."""
    clean = clean_text(text)
    return " ".join((clean if clean.isascii() else _TURNS.sub("", clean)).split())
