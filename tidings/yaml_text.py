"""YAML 1.2 core, read and written: only true and false are booleans, times stay texts, no key stands twice."""

import math
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamStartEvent,
)
from ruamel.yaml.representer import SafeRepresenter

from schemas.faults import Fault, Refused
from tidings.yaml_slips import in_plain_words

_NULL = re.compile(r"(|~|null|Null|NULL)")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_WHOLE = re.compile(r"[-+]?[0-9]{1,4000}")  # Python reads no longer ones (sys.get_int_max_str_digits)
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)")
_NO_NUMBER = re.compile(r"\.(nan|NaN|NAN)")
_TAGS = {
    ScalarEvent: (None, "!", "tag:yaml.org,2002:str"),
    MappingStartEvent: (None, "!", "tag:yaml.org,2002:map"),
    SequenceStartEvent: (None, "!", "tag:yaml.org,2002:seq"),
}
MAX_DEPTH = 64
MOST_VALUES = 10_000_000
"""Aliases of aliases make more of a small file than any machine can hold."""
_STAR = ": put a value that begins with * in quotes"


def read_yaml(text: str) -> object:
    """The one value of a YAML text; raises Refused with the line of what is wrong."""
    try:
        return _Reading(YAML(typ="safe", pure=True).parse(text)).document()
    except MarkedYAMLError as error:
        raise Refused(Fault(path=_place(error.problem_mark), reason=_not_yaml(error.problem))) from None
    except YAMLError as error:
        raise Refused(Fault(path="", reason=_not_yaml(error))) from None


def _not_yaml(said: object) -> str:
    return f"is not YAML: {in_plain_words(str(said))}"


class _Reading:
    """Turns the parser's events into values; an alias gives the value of its anchor."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._anchors: dict[str, object] = {}
        self._sizes: dict[str, int] = {}
        self._depth = 0
        self._values = 0

    def document(self) -> object:
        """The value of the only document."""
        self._next(StreamStartEvent)
        start = next(self._events)
        if not isinstance(start, DocumentStartEvent):
            raise _refused(start, "holds nothing")
        value = self._value(next(self._events))
        self._next(DocumentEndEvent)
        more = next(self._events)
        if isinstance(more, DocumentStartEvent):
            raise _refused(more, "holds a second document")
        return value

    def _next(self, wanted: type[Event]) -> None:
        event = next(self._events)
        if not isinstance(event, wanted):
            raise _refused(event, f"is no {wanted.__name__}")

    def _value(self, event: Event) -> object:
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchors:
                raise _refused(
                    event,
                    f"names the anchor {event.anchor!r}, which is not complete above it{_STAR}",
                )
            self._count(event, self._sizes[event.anchor])
            return self._anchors[event.anchor]
        if not isinstance(event, (ScalarEvent, MappingStartEvent, SequenceStartEvent)):
            raise _refused(event, "is no value")
        if event.tag is not None and event.tag not in _TAGS[type(event)]:
            raise _refused(event, f"has the tag {event.tag}; only YAML's core is read")
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _refused(event, f"is nested deeper than {MAX_DEPTH} levels")
        before = self._values
        self._count(event, 1)
        value = self._made(event)
        self._depth -= 1
        if event.anchor is not None:
            self._anchors[event.anchor] = value
            self._sizes[event.anchor] = self._values - before
        return value

    def _count(self, event: Event, values: int) -> None:
        self._values += values
        if self._values > MOST_VALUES:
            raise _refused(event, f"holds more than {MOST_VALUES:,} values, what aliases stand for counted each time")

    def _made(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent) -> object:
        if isinstance(event, MappingStartEvent):
            return self._mapping()
        if isinstance(event, SequenceStartEvent):
            return list(self._items())
        text = _whole(str(event.value))
        return plain_value(text) if event.style is None and event.tag is None else text

    def _items(self) -> Iterator[object]:
        while not isinstance(event := next(self._events), SequenceEndEvent):
            yield self._value(event)

    def _mapping(self) -> dict[str, object]:
        made: dict[str, object] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                raise _refused(event, "has a key that is no text: put a value that begins with { or [ in quotes")
            key = _whole(str(event.value))
            if key in made:
                raise _refused(event, f"has the key {key!r} twice")
            made[key] = self._value(next(self._events))
        return made


def _whole(text: str) -> str:
    """Characters that JSON escapes as a pair of surrogates, whole: YAML takes each escape for itself."""
    try:
        return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:  # half a pair is nobody's text; whoever reads the value says where it stands
        return text


def plain_value(text: str) -> object:
    """What an unquoted scalar is in the core schema of YAML 1.2 (section 10.3.2)."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    return _number(text)


def _number(text: str) -> int | float | str:
    if _WHOLE.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text, 0)
    if _HEX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITE.fullmatch(text):
        return -math.inf if text.startswith("-") else math.inf
    return math.nan if _NO_NUMBER.fullmatch(text) else text


def _refused(event: Event, reason: str) -> Refused:
    return Refused(Fault(path=_place(event.start_mark), reason=reason))


def _place(mark: Any) -> str:
    return "" if mark is None else f"line {mark.line + 1}"


def write_yaml(value: object) -> str:
    """A text that `read_yaml` reads as this very value; keys keep their order, long texts keep their lines."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # ruamel.yaml 0.18 types it as None
    yaml.allow_unicode = True
    yaml.width = 110
    yaml.Representer = _Representer
    text = StringIO()
    yaml.dump(value, text)
    return text.getvalue()


class _Representer(SafeRepresenter):
    """Texts of several lines as blocks, and no anchors for what stands twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(representer: SafeRepresenter, text: str) -> Any:
    lines_are_printable = all(line.isprintable() for line in text.split("\n"))
    if lines_are_printable and "\n" in text:
        style = "|"
    else:
        style = "" if lines_are_printable and isinstance(plain_value(text), str) else '"'
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style=style or None)


_Representer.add_representer(str, _text)
