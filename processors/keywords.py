"""Keywords: what a text means that is nothing but one word (contract section 8).

Case, punctuation and trailing thanks do not matter; the word must stand alone, so `Don't stop, count me in` is none.
"""

import re
import unicodedata
from enum import StrEnum


class Keyword(StrEnum):
    """What a person asks for with one word."""

    STOP = "stop"
    STOP_ALL = "stop_all"
    HELP = "help"
    START = "start"


_WORDS = {
    **dict.fromkeys(("STOP", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), Keyword.STOP),
    "STOPALL": Keyword.STOP_ALL,
    **dict.fromkeys(("HELP", "INFO"), Keyword.HELP),
    **dict.fromkeys(("START", "YES", "UNSTOP"), Keyword.START),
}
_TOKEN = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_THANKS = frozenset({"THANK", "THANKS", "THX", "TY", "TKS"})
_WITH_THANKS = _THANKS | {"YOU", "U", "VERY", "MUCH", "SO", "A", "LOT", "MANY"}


def folded(text: str) -> str:
    """A text without case, punctuation, spaces and trailing thanks: `Opt-out, thanks!` becomes `OPTOUT`."""
    tokens = _TOKEN.findall(unicodedata.normalize("NFKC", text).upper())
    kept = list(tokens)
    while kept and kept[-1] in _WITH_THANKS:
        kept.pop()
    is_thanks = any(token in _THANKS for token in tokens[len(kept) :])
    return "".join(kept if kept and is_thanks else tokens)


def keyword(text: str) -> Keyword | None:
    """The keyword that a text is; None for a text that says anything else."""
    return _WORDS.get(folded(text))
