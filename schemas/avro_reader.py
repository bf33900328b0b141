"""The reader of a record class: straight-line Python, made from the record's shape, that reads its Avro body.

It takes what is sound, and only that: whatever is out of the ordinary raises, and is left to fastavro, which reads it
or says what is wrong (`schemas.codec`). So numbers that are longer than they need be, blocks with a size, text that is
not UTF-8 all mean the same here. A body that ends too early is noticed at its end, since each value moves the place on.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from struct import Struct
from typing import Any

from schemas.avro_writer import Unusual
from schemas.events.free import EventRecord
from schemas.json_text import json_from_text
from schemas.making import is_struct
from schemas.shapes import Form, Shape, shapes_of
from schemas.twin import open_twin
from schemas.values import decimal_from_text

Read = Callable[[bytes, int], tuple[Any, int]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SHIFTS = range(0, 64, 7)
_NUMBER_LIMIT = 1 << 64


@cache
def reader_of(record: type) -> Read:
    """The function that reads a record of this class at a place, and tells the place after it.

    The body must have been written with `schemas.avro_schema.avro_schema(record)`. Whatever it raises means that it
    cannot read the body, not that nobody can; a place beyond the end means the same.
    """
    names: dict[str, Any] = {**_NAMES, "json_from": json_from_text if issubclass(record, EventRecord) else json.loads}
    names |= {"Record": record, "Open": open_twin(record)}
    source = _source(record, names)
    exec(compile(source, f"<reader of {record.__name__}>", "exec"), names)  # our own text, of our own shapes
    made: Read = names["read"]
    return made


def source_of(record: type) -> str:
    """What `reader_of` compiles, for people."""
    return _source(record, {})


def _source(record: type, names: dict[str, Any]) -> str:
    """A block per field; `names` gets what the lines refer to."""
    lines: list[str] = []
    for number, field in enumerate(shapes_of(record)):
        lines += _lines(field.shape, f"field_{field.name}", f"_{number}", names)
    fields = [field.name for field in shapes_of(record)]
    if is_struct(record):
        lines.append(f"record = Open({', '.join(f'field_{name}' for name in fields)})")
    else:
        lines += ["record = Open()", *(f"record.{name} = field_{name}" for name in fields)]
    lines += ["record.__class__ = Record", "return record, at"]
    return "\n".join(["def read(body, at):", *_indented(lines), ""])


def _lines(shape: Shape, target: str, suffix: str, names: dict[str, Any]) -> Iterator[str]:
    """The lines that read a value at `at` into `target` and move on."""
    if not shape.nullable:
        yield from _present(shape, target, suffix, names)
        return
    yield "branch = body[at]; at += 1"
    yield "if branch == 2:"
    yield from _indented(_present(shape, target, suffix, names))
    yield "elif branch:"
    yield "    raise Unusual"
    yield "else:"
    yield f"    {target} = None"


def _present(shape: Shape, target: str, suffix: str, names: dict[str, Any]) -> Iterator[str]:
    if shape.form in (Form.LIST, Form.MAP) and shape.item is not None:
        yield from _members(shape.item, target, suffix, names, named=shape.form is Form.MAP)
    elif shape.form is Form.RECORD and shape.record is not None:
        names[f"read{suffix}"] = reader_of(shape.record)
        yield f"{target}, at = read{suffix}(body, at)"
    elif shape.form is Form.WORD and shape.words is not None:
        names[f"words{suffix}"] = {word.encode(): value for word, value in shape.words.items()}
        yield from _sized(f"{target} = words{suffix}[body[at:end]]")
    elif shape.form in _SIZED:
        yield from _sized(f"{target} = {_SIZED[shape.form]}")
    else:
        yield f"{target}, at = {_FIXED[shape.form]}(body, at)"


_SIZED: dict[Form, str] = {
    Form.TEXT: "body[at:end].decode()",
    Form.BYTES: "body[at:end]",
    Form.DECIMAL: "decimal_from_text(body[at:end].decode())",
    Form.JSON: "json_from(body[at:end].decode())",
}
_FIXED: dict[Form, str] = {
    Form.BOOLEAN: "boolean",
    Form.INTEGER: "whole",
    Form.FLOAT: "double",
    Form.INSTANT: "instant",
}


def _sized(assignment: str) -> Iterator[str]:
    """Lines for bytes behind their size, which mostly takes one byte; doubled it is even, unless it is below zero."""
    yield "size = body[at]; at += 1"
    yield "if size & 0x81: size, at = long_size(body, at - 1)"
    yield "end = at + (size >> 1)"
    yield assignment
    yield "at = end"


def _members(item: Shape, target: str, suffix: str, names: dict[str, Any], *, named: bool) -> Iterator[str]:
    """Lines for blocks of members, each behind its count, until one is empty."""
    one, name, many, left = f"one{suffix}", f"name{suffix}", f"many{suffix}", f"left{suffix}"
    yield f"{left} = body[at]; at += 1"
    yield f"if not {left}:"
    yield f"    {target} = {'{}' if named else '()'}"
    yield "else:"
    yield f"    {many} = {'{}' if named else '[]'}"
    yield f"    while {left}:"
    yield f"        if {left} & 0x81: {left}, at = long_size(body, at - 1)"
    yield f"        for {left} in range({left} >> 1):"
    if named:
        yield from _indented(_sized(f"{name} = body[at:end].decode()"), depth=3)
    yield from _indented(_lines(item, one, f"{suffix}_", names), depth=3)
    yield f"            {many}[{name}] = {one}" if named else f"            {many}.append({one})"
    yield f"        {left} = body[at]; at += 1"
    yield f"    {target} = {many}" if named else f"    {target} = tuple({many})"


def _indented(lines: Iterator[str] | list[str], depth: int = 1) -> Iterator[str]:
    for line in lines:
        yield f"{'    ' * depth}{line}"


def _varint(body: bytes, at: int) -> tuple[int, int]:
    """A natural number in groups of seven bits, the lowest first, and the place after it."""
    number = 0
    for shift in _SHIFTS:
        group = body[at]
        at += 1
        if group < 0x80:
            number |= group << shift
            if (shift and not group) or number >= _NUMBER_LIMIT:
                break
            return number, at
        number |= (group & 0x7F) << shift
    raise Unusual


def _long_size(body: bytes, at: int) -> tuple[int, int]:
    """A size, doubled, of any length."""
    number, at = _varint(body, at)
    if number & 1:
        raise Unusual
    return number, at


def _whole(body: bytes, at: int) -> tuple[int, int]:
    number, at = _varint(body, at)
    return number >> 1 ^ -(number & 1), at


def _instant(body: bytes, at: int) -> tuple[datetime, int]:
    number, at = _varint(body, at)
    return _EPOCH + (number >> 1 ^ -(number & 1)) * _MICROSECOND, at


def _boolean(body: bytes, at: int) -> tuple[bool, int]:
    value = body[at]
    if value > 1:
        raise Unusual
    return value == 1, at + 1


_DOUBLE = Struct("<d")


def _double(body: bytes, at: int) -> tuple[float, int]:
    return _DOUBLE.unpack_from(body, at)[0], at + _DOUBLE.size


_NAMES: dict[str, Any] = {
    "Unusual": Unusual,
    "boolean": _boolean,
    "decimal_from_text": decimal_from_text,
    "double": _double,
    "instant": _instant,
    "long_size": _long_size,
    "whole": _whole,
}
