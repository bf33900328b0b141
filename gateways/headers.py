"""Mail headers out of what people wrote: nothing in it can end a header, begin another or turn letters round.

RFC 5322 for the form, RFC 2047 for letters outside ASCII, RFC 2231 for file names.
"""

import re
from binascii import b2a_base64
from urllib.parse import quote

LONGEST_VALUE = 900
"""A line of mail has at most 998 octets (RFC 5322, 2.1.1)."""
FOLD_AT = 76

_WORD_BYTES = 45  # 60 letters of base64: an encoded word has at most 75 (RFC 2047, 2)
_FIRST_WORD_BYTES = 36  # the header's name stands before it
_WHITE = re.compile(r"[ \t\r\n\f\v\x85\u2028\u2029]+")
_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_PHRASE = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")
_TOKEN = re.compile(r"[A-Za-z0-9!#$&+.^_`{|}~-]+")


def clean(value: str) -> str:
    """One line of text: white space is one space, and C0, C1, bidi controls and lone surrogates are gone."""
    return _UNWANTED.sub("", _WHITE.sub(" ", value)).strip(" ")[:LONGEST_VALUE]


def text_header(name: str, value: str) -> bytes:
    """A header of free text, folded, with its CRLF; the value is cleaned first."""
    cleaned = clean(value)
    start = name.encode() + b":"
    if not cleaned.isascii() or "=?" in cleaned or max(map(len, cleaned.split(" "))) >= FOLD_AT - len(start):
        return start + b" " + encoded_words(cleaned) + b"\r\n"
    lines, line = [], start
    for word in cleaned.encode().split(b" "):
        if len(line) + 1 + len(word) > FOLD_AT and line != start:
            lines.append(line)
            line = b""
        line += b" " + word
    return b"\r\n".join([*lines, line]) + b"\r\n"


def encoded_words(value: str) -> bytes:
    """RFC 2047 words of base64, never splitting a character, folded."""
    octets = value.encode()
    words: list[bytes] = []
    start = 0
    while start < len(octets):
        end = min(start + (_WORD_BYTES if words else _FIRST_WORD_BYTES), len(octets))
        while end < len(octets) and octets[end] & 0xC0 == 0x80:
            end -= 1
        words.append(b"=?utf-8?b?" + b2a_base64(octets[start:end], newline=False) + b"?=")
        start = end
    return b"\r\n ".join(words)


def mailbox(name: str | None, address: str) -> bytes:
    """`Name <address>` as it stands in From, To and Reply-To; the address was checked before."""
    cleaned = clean(name or "")
    at = address.encode()
    if not cleaned:
        return at
    if not cleaned.isascii() or "=?" in cleaned:
        return encoded_words(cleaned) + b"\r\n <" + at + b">"
    if not _PHRASE.fullmatch(cleaned):
        cleaned = '"' + cleaned.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return cleaned.encode() + b"\r\n <" + at + b">"


def parameter(name: str, value: str) -> bytes:
    """A parameter of a MIME header: quoted, or percent-encoded where quoting cannot say it."""
    cleaned = clean(value)[:200]
    if _TOKEN.fullmatch(cleaned):
        return f'{name}="{cleaned}"'.encode()
    if cleaned.isascii() and not set('"\\%') & set(cleaned):
        return f'{name}="{cleaned}"'.encode()
    return f"{name}*=utf-8''{quote(cleaned, safe='')}".encode()
