"""Events in a text: structured CloudEvents JSON, one object, an array, or one object after another (JSON lines)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.envelope import Event
from schemas.faults import Fault, Refused
from schemas.json_text import MAX_BYTES
from schemas.wire import event_from_json

_SPACE = " \t\r\n"
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One event of a text, or what is wrong with it; `index` counts from 1."""

    index: int
    event: Event | None = None
    faults: tuple[Fault, ...] = ()
    event_id: str | None = None
    type: str | None = None

    @property
    def name(self) -> str:
        """What to call it when talking about it."""
        known = ", ".join(part for part in (self.event_id, self.type) if part)
        return f"event {self.index} ({known})" if known else f"event {self.index}"


def events_in(text: str) -> Iterator[Found]:
    """Every event of the text in order; one that is broken does not stop the next, as far as its end can be found."""
    for index, piece in enumerate(_pieces(text), 1):
        yield piece if isinstance(piece, Found) else _read(index, piece)


def _read(index: int, text: str) -> Found:
    size_bytes = len(text.encode())
    if size_bytes > MAX_BYTES:
        reason = f"is {size_bytes:,} bytes; an event may have {MAX_BYTES:,}"
        return _refused(index, text, Refused(Fault(path="", reason=reason)))
    try:
        event = event_from_json(text)
    except Refused as refused:
        return _refused(index, text, refused)
    return Found(index=index, event=event, event_id=event.id, type=event.type)


def _refused(index: int, text: str, refused: Refused) -> Found:
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        plain = None
    known = plain if isinstance(plain, dict) else {}
    event_id, event_type = known.get("id"), known.get("type")
    return Found(
        index=index,
        faults=refused.faults,
        event_id=event_id if isinstance(event_id, str) else None,
        type=event_type if isinstance(event_type, str) else None,
    )


def _pieces(text: str) -> Iterator[str | Found]:
    start = _skip(text, 0)
    if text.startswith("[", start):
        yield from _array(text, start)
    elif _is_lines(text, start):
        yield from (line for line in text.split("\n") if line.strip(_SPACE))
    else:
        yield from _one_after_another(text, start)


def _is_lines(text: str, start: int) -> bool:
    """JSON lines are told from one object over many lines by their first line, which is whole or hopeless."""
    first = text[start:].split("\n", 1)[0]
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return not first.startswith("{")
    return True


def _one_after_another(text: str, position: int) -> Iterator[str | Found]:
    index = 1
    while position < len(text):
        end = _end(text, position)
        if isinstance(end, Fault):
            yield Found(index=index, faults=(end,))
            return
        yield text[position:end]
        position, index = _skip(text, end), index + 1


def _array(text: str, position: int) -> Iterator[str | Found]:
    index, position = 1, _skip(text, position + 1)
    while not text.startswith("]", position):
        end = _end(text, position)
        if isinstance(end, Fault):
            yield Found(index=index, faults=(end,))
            return
        yield text[position:end]
        position, index = _skip(text, end), index + 1
        if text.startswith(",", position):
            position = _skip(text, position + 1)
        elif not text.startswith("]", position):
            yield Found(index=index, faults=(Fault(path="", reason="the array is not closed, or a comma is missing"),))
            return
    if _skip(text, position + 1) < len(text):
        yield Found(index=index, faults=(Fault(path="", reason="something stands after the array's end"),))


def _end(text: str, position: int) -> int | Fault:
    try:
        return _DECODER.raw_decode(text, position)[1]
    except json.JSONDecodeError as error:
        return Fault(path="", reason=f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}")
    except (ValueError, RecursionError):
        return Fault(path="", reason="is not JSON that can be read: nested too deeply, or a number of too many digits")


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _SPACE:
        position += 1
    return position
