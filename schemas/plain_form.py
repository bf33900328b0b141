"""The plain form of a record class, as JSON can say it: straight-line Python, made from the record's shape.

Several records are made plain for every message, and reading field names from a list took twice as long.
"""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from schemas.clock import rfc3339
from schemas.shapes import Form, Shape, shapes_of
from schemas.values import decimal_to_text

Plain = Callable[[Any], dict[str, Any]]


@cache
def plain_of(record: type) -> Plain:
    """The function that makes a record of this class plain: wire names, RFC 3339 times, decimal strings, no None."""
    names: dict[str, Any] = {}
    source = "\n".join(_lines(record, names))
    exec(compile(source, f"<plain form of {record.__name__}>", "exec"), names)  # our own text, of our own shapes
    made: Plain = names["plain"]
    return made


def _lines(record: type, names: dict[str, Any]) -> Iterator[str]:
    """A block per field; `names` gets what the lines refer to."""
    yield "def plain(record):"
    yield "    made = {}"
    for number, field in enumerate(shapes_of(record)):
        write = _write(field.shape)
        names[f"_{number}"] = write
        yield f"    value = record.{field.name}"
        yield "    if value is not None:"
        yield f"        made[{field.wire_name!r}] = {'value' if write is None else f'_{number}(value)'}"
    yield "    return made"


def _write(shape: Shape) -> Callable[[Any], Any] | None:
    """What makes a value plain; None where it is plain already."""
    if shape.form is Form.RECORD and shape.record is not None:
        return plain_of(shape.record)
    if shape.form is Form.LIST and shape.item is not None:
        return _each(_write(shape.item))
    if shape.form is Form.MAP and shape.item is not None:
        write = _write(shape.item)
        return dict if write is None else lambda values: {key: write(value) for key, value in values.items()}
    return _WRITES.get(shape.form)


def _each(write: Callable[[Any], Any] | None) -> Callable[[Sequence[Any]], list[Any]]:
    return list if write is None else lambda values: [write(value) for value in values]


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


_WRITES: Mapping[Form, Callable[[Any], Any]] = {
    Form.INSTANT: rfc3339,
    Form.DECIMAL: decimal_to_text,
    Form.BYTES: _base64,
    Form.WORD: str,
}
