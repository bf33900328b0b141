"""Types and defaults in the words of people who write JSON, YAML or variables, not Python."""

import builtins
import collections.abc
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from schemas import values
from schemas.json_text import json_to_text
from schemas.values import duration_to_text
from tidings.docs.markdown import code

_NAMED: Mapping[Any, str] = {
    values.Instant: "time with offset",
    values.Amount: "amount, as text",
    values.Duration: "duration such as `PT1H`",
    values.ClockTime: "clock time such as `09:00`",
    values.Date: "date such as `2026-04-01`",
    values.Zone: "IANA time zone",
    values.Locale: "locale such as `en-US`",
    values.Country: "ISO 3166 country code",
    values.Currency: "ISO 4217 currency code",
    values.PhoneNumber: "E.164 number",
    values.ShortCode: "short code, 3 to 8 digits",
    values.EmailAddress: "email address",
    values.Mailbox: "email address, with or without a name",
    values.WebAddress: "web address",
}
_PLAIN: Mapping[Any, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    bytes: "bytes",
    datetime: "time",
    Decimal: "amount, as text",
    time: "clock time such as `09:00`",
    Path: "path",
    object: "anything",
}
_BOUNDS = ((Ge, "ge", "from {}"), (Gt, "gt", "more than {}"), (Le, "le", "to {}"), (Lt, "lt", "less than {}"))


@cache
def hints_of(record: type) -> Mapping[str, Any]:
    """The type hints of a record's fields, with their notes."""
    return get_type_hints(record, include_extras=True)


def wire_name(record: type, field: Field[Any]) -> str:
    """The name of a field outside Python: `from_` travels as `from`."""
    return next((note.alias for note in _notes(hints_of(record)[field.name]) if note.alias), field.name)


def type_words(hint: Any) -> str:
    """A type as a reader of the reference sees it; a nested record is named."""
    if hint in _NAMED:
        return _NAMED[hint]
    if get_origin(hint) is not None:
        return _made_words(hint, get_args(hint))
    if issubclass(hint, StrEnum):
        return _one_of(word.value for word in hint)
    return _PLAIN[hint] if hint in _PLAIN else str(hint.__name__)


def _made_words(hint: Any, arguments: tuple[Any, ...]) -> str:
    """The words of a type that is made of others."""
    match get_origin(hint):
        case typing.Annotated:
            return _bounded(type_words(arguments[0]), hint)
        case typing.Literal:
            return _one_of(arguments)
        case builtins.tuple:
            return f"list of {_member_words(arguments[0])}"
        case collections.abc.Mapping:
            return "map" if arguments[1] is object else f"map of {_member_words(arguments[1])}"
    return " or ".join(type_words(each) for each in arguments if each is not type(None))


def _member_words(hint: Any) -> str:
    return "texts" if hint is str else type_words(hint)


def _one_of(words: Iterable[object]) -> str:
    return " or ".join(code(word) for word in words)


def default_words(field: Field[Any]) -> str:
    """The default of a field as it would be written; empty where there is none to write."""
    default = field.default if field.default_factory is MISSING else field.default_factory()
    if default is MISSING or default is None or is_dataclass(default) or default in ({}, ()):
        return ""
    return code(_written(default))


def is_required(field: Field[Any]) -> bool:
    """Whether a value must be given."""
    return field.default is MISSING and field.default_factory is MISSING


def nested_records(record: type) -> tuple[type, ...]:
    """The records that the fields of this one are made of, at any depth, in the order in which they are met."""
    found: dict[type, None] = {}
    for field in fields(record):
        for each in _records_in(hints_of(record)[field.name]):
            found.setdefault(each)
            found.update(dict.fromkeys(nested_records(each)))
    return tuple(found)


def sentences(record: type) -> str:
    """What a record's docstring says."""
    return " ".join((record.__doc__ or "").split())


def _records_in(hint: Any) -> tuple[type, ...]:
    if isinstance(hint, type) and is_dataclass(hint):
        return (hint,)
    return tuple(each for argument in get_args(hint) for each in _records_in(argument))


def _notes(hint: Any) -> list[FieldInfo]:
    return [note for note in get_args(hint)[1:] if isinstance(note, FieldInfo)] if get_origin(hint) is Annotated else []


def _bounded(words: str, hint: Any) -> str:
    limits = [limit for note in _notes(hint) for limit in note.metadata]
    bounds = [
        text.format(getattr(limit, name)) for cls, name, text in _BOUNDS for limit in limits if type(limit) is cls
    ]
    return " ".join([words, *bounds]) if words in ("whole number", "number") else words


def _written(value: object) -> str:
    if isinstance(value, timedelta):
        return duration_to_text(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, Path):
        return str(value).replace(str(Path.home()), "~", 1)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, (str, Decimal)):
        return str(value) or '""'
    return json_to_text(list(value) if isinstance(value, tuple) else value)
