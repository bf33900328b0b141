"""The shape of a record's fields: what Avro schema, converter and plain form are all derived from."""

import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo


class Form(StrEnum):
    """How one value is written."""

    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    FLOAT = "float"
    BYTES = "bytes"
    INSTANT = "instant"
    DECIMAL = "decimal"
    WORD = "word"
    """One of a closed set of words: a StrEnum, or a Literal of strings."""
    JSON = "json"
    """A free value or map, which travels as JSON text."""
    LIST = "list"
    MAP = "map"
    RECORD = "record"


_SCALARS: Mapping[object, Form] = {
    str: Form.TEXT,
    bool: Form.BOOLEAN,
    int: Form.INTEGER,
    float: Form.FLOAT,
    bytes: Form.BYTES,
    datetime: Form.INSTANT,
    Decimal: Form.DECIMAL,
    object: Form.JSON,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One type: its form, whether it may be absent, and what it is made of.

    `item` is the shape of a list's or map's members; `record` the class of a nested record;
    `words` maps each word of a closed set to the value that stands for it in Python.
    """

    form: Form
    nullable: bool = False
    item: "Shape | None" = None
    record: type | None = None
    words: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldShape:
    """One field of a record; `default` is `MISSING` where a value must be given."""

    name: str
    wire_name: str
    shape: Shape
    default: object


@cache
def shapes_of(record: type) -> tuple[FieldShape, ...]:
    """The fields of a record class in their order."""
    if not is_dataclass(record):
        raise TypeError(f"{record!r} is no record: only dataclasses travel")
    hints = get_type_hints(record, include_extras=True)
    shapes = []
    for field in fields(record):
        default = field.default if field.default_factory is MISSING else field.default_factory()
        shapes.append(
            FieldShape(
                name=field.name,
                wire_name=alias_of(hints[field.name]) or field.name,
                shape=shape_of(hints[field.name], f"{record.__name__}.{field.name}"),
                default=default,
            )
        )
    return tuple(shapes)


def shape_of(hint: Any, where: str) -> Shape:
    """The shape of one type hint; `where` names the field in the error of a type that cannot travel."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return shape_of(arguments[0], where)
    if origin in (Union, types.UnionType):
        return _optional(arguments, where)
    if hint in _SCALARS:
        return Shape(form=_SCALARS[hint])
    if origin is Literal and all(isinstance(word, str) for word in arguments):
        return Shape(form=Form.WORD, words={word: word for word in arguments})
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Shape(form=Form.WORD, words={word.value: word for word in hint})
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return Shape(form=Form.LIST, item=shape_of(arguments[0], where))
    if origin is Mapping and arguments[0] is str:
        item = shape_of(arguments[1], where)
        return Shape(form=Form.JSON) if item.form is Form.JSON else Shape(form=Form.MAP, item=item)
    if isinstance(hint, type) and is_dataclass(hint):
        return Shape(form=Form.RECORD, record=hint)
    raise TypeError(f"{where} is of type {hint!r}, which cannot travel")


def _optional(arguments: tuple[Any, ...], where: str) -> Shape:
    inner = [argument for argument in arguments if argument is not type(None)]
    if len(inner) != 1:
        raise TypeError(f"{where} is a union of several types, which cannot travel")
    shape = shape_of(inner[0], where)
    return Shape(form=shape.form, nullable=True, item=shape.item, record=shape.record, words=shape.words)


def alias_of(hint: Any) -> str | None:
    """The name that a field has outside of Python, where it is another one."""
    if get_origin(hint) is not Annotated:
        return None
    return next((note.alias for note in get_args(hint)[1:] if isinstance(note, FieldInfo) and note.alias), None)


def without_alias(hint: Any) -> Any:
    """The type of a field on its own, where another name means nothing; its limits stay."""
    if alias_of(hint) is None:
        return hint
    inner, *notes = get_args(hint)
    limits = [limit for note in notes for limit in (note.metadata if isinstance(note, FieldInfo) else [note])]
    return Annotated[inner, *limits] if limits else inner


def bare(hint: Any) -> Any:
    """The type itself, without its notes and without None beside it."""
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, types.UnionType):
        inner = [argument for argument in get_args(hint) if argument is not type(None)]
        return bare(inner[0]) if len(inner) == 1 else hint
    return hint


def members_at(hint: Any, path: Iterable[str | int]) -> tuple[str, ...]:
    """The names that the record there has outside of Python; none where there is no record."""
    for step in path:
        inner = bare(hint)
        arguments = get_args(inner)
        if isinstance(inner, type) and is_dataclass(inner):
            hint = _members_of(inner).get(str(step))
        else:
            hint = arguments[0 if get_origin(inner) is tuple else 1] if len(arguments) == 2 else None
    inner = bare(hint)
    return tuple(_members_of(inner)) if isinstance(inner, type) and is_dataclass(inner) else ()


@cache
def _members_of(record: Any) -> Mapping[str, Any]:
    """The types of a record's fields by the names that these have outside of Python, in their order."""
    hints = get_type_hints(record, include_extras=True)
    return {alias_of(hints[one.name]) or one.name: hints[one.name] for one in fields(record)}
