"""What HTML of a tenant must not hold: nothing in a mail acts, loads code or asks for input."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from processors.markup import MOST_ELEMENTS, is_small
from schemas.faults import Fault

FORBIDDEN = frozenset(
    {"script", "iframe", "frame", "frameset", "object", "embed", "applet", "base", "link", "portal"}
    | {"form", "input", "button", "select", "textarea", "svg", "math", "template", "noscript"}
)
"""Elements that act, load or ask; mail programs remove them, or the whole mail."""

# What is not closed goes to the end, so that no text is read twice.
_TEMPLATE = re.compile(r"\{\{(?>.*?(?:\}\}|\Z))|\{%(?>.*?(?:%\}|\Z))|\{#(?>.*?(?:#\}|\Z))", re.DOTALL)
_ADDRESSES = frozenset({"href", "src", "background", "action", "poster", "srcset"})
_SCHEMES = ("javascript:", "vbscript:", "data:", "file:")
_IMPORT = re.compile(r"@import\b", re.IGNORECASE)
_BLANK = re.compile(r"[\s\x00-\x20]+")


def markup_faults(source: str, path: str) -> Iterator[Fault]:
    """What is forbidden in the HTML of a template or snippet, each with its line in it."""
    if not is_small(source):
        yield Fault(path=path, reason=f"has more than {MOST_ELEMENTS} elements")
        return
    reader = _Reader()
    # The template's own constructs say nothing of the HTML; line ends in them are kept, so that lines stay right.
    reader.feed(_TEMPLATE.sub(lambda found: "\n" * found[0].count("\n"), source))
    reader.close()
    for line, reason in dict.fromkeys(reader.found):
        yield Fault(path=path, reason=f"line {line}: {reason}")


class _Reader(HTMLParser):
    """Notes what it meets; broken HTML is read as well as it can be, as mail programs do."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element and its attributes."""
        self._in_style = tag == "style"
        values = {name: value or "" for name, value in attrs}
        if tag in FORBIDDEN:
            self._note(f"<{tag}> is not for mail")
        if tag == "meta" and values.get("http-equiv", "").strip().lower() == "refresh":
            self._note("<meta http-equiv=refresh> is not for mail")
        for name, value in values.items():
            if name.startswith("on"):
                self._note(f"the attribute {name} of <{tag}> is not for mail")
            if name in _ADDRESSES and _BLANK.sub("", value).lower().startswith(_SCHEMES):
                self._note(f"<{tag}> has the address {value[:40]!r}; only https, http, mailto and tel go")

    def handle_data(self, data: str) -> None:
        """Look at a style sheet's text."""
        if self._in_style and _IMPORT.search(data):
            self._note("@import is not for mail: nothing is loaded")

    def handle_endtag(self, tag: str) -> None:
        """A style sheet ends."""
        self._in_style = False

    def _note(self, reason: str) -> None:
        self.found.append((self.getpos()[0], reason))
