"""What somebody may have meant by a name that does not exist."""

from collections.abc import Collection
from difflib import get_close_matches

LONGEST_GUESSED = 60
"""A longer name is no slip of the pen."""
MOST_LISTED = 25
"""What a sentence can name; more is found in the reference."""


def near(name: str, known: Collection[str]) -> str | None:
    """The known name that is most like this one, if one is."""
    if len(name) > LONGEST_GUESSED:
        return None
    folded = {each.casefold(): each for each in sorted(known)}
    found = get_close_matches(name.casefold().replace(" ", "_").replace("-", "_"), folded, n=1)
    return folded[found[0]] if found else None


def perhaps(name: str, known: Collection[str]) -> str:
    """`; did you mean 'x'?`, or nothing."""
    found = near(name, known)
    return f"; did you mean '{found}'?" if found else ""


def unknown(name: str, known: Collection[str], what: str = "key") -> str:
    """A fault's reason: the name that may be meant, or else all that are known."""
    listed = f"; known are {', '.join(known)}" if 0 < len(known) <= MOST_LISTED else ""
    return f"unknown {what}{perhaps(name, known) or listed}"
