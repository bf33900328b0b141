"""As much of a record as is right, so that what is wrong in one place hides nothing that is wrong in another.

A record that was read in part lacks the fields that are wrong in themselves. To ask for one raises AttributeError, and
there a check ends (`where_read`): nothing is said that would only follow from something else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache, wraps
from itertools import islice
from typing import Any, Final, ParamSpec, TypeVar, cast, get_args, get_origin, get_type_hints

from schemas.faults import MOST_TOLD, Fault, Refused
from schemas.near import near
from schemas.shapes import alias_of, bare, without_alias
from schemas.validation import parse_as

P = ParamSpec("P")
R = TypeVar("R")


class Unread:
    """Stands for an item or entry that is wrong in itself."""


UNREAD: Final = Unread()


def read(hint: Any, plain: object, path: str) -> tuple[Any, list[Fault]]:
    """The value that plain values say, and what is wrong with it; where something is, only as much as is right."""
    try:
        return parse_as(hint, plain, path), []
    except Refused as refused:
        return _partly(hint, plain), list(refused.faults)


def _partly(hint: Any, plain: object) -> Any:
    try:
        return parse_as(without_alias(hint), plain)
    except Refused:
        inner = bare(hint)
    origin, arguments = get_origin(inner), get_args(inner)
    if isinstance(inner, type) and is_dataclass(inner):
        return record_in_part(inner, plain if isinstance(plain, dict) else None)
    if origin is tuple and isinstance(plain, list):
        return tuple(_partly(arguments[0], item) for item in plain)
    if origin is Mapping and isinstance(plain, dict):
        keys = {key: _partly(arguments[0], key) for key in plain}
        return {key: _partly(arguments[1], plain[name]) for name, key in keys.items() if key is not UNREAD}
    return UNREAD


def record_in_part(
    record: type[R], plain: Mapping[str, object] | None, read_already: Mapping[str, Any] | None = None
) -> R:
    """A record with the fields that can be read; without those that are wrong, missing, or meant by a key misspelt.

    `read_already` are fields that were read otherwise than their types say.
    """
    hints, names = _members(cast("Any", record))
    given = plain or {}
    left = [name for name in names if name not in given]
    strangers = islice((key for key in given if key not in names), MOST_TOLD)
    meant = {near(key, left) for key in strangers} if left else set()
    values = dict(read_already or {})
    for name, one in names.items():
        if one.name in values:
            continue
        if name in given:
            values[one.name] = _partly(hints[one.name], given[name])
        elif plain is not None and name not in meant and one.default is not MISSING:
            values[one.name] = one.default
        elif plain is not None and name not in meant and one.default_factory is not MISSING:
            values[one.name] = one.default_factory()
    return with_only(record, values)


@cache
def _members(record: Any) -> tuple[Mapping[str, Any], Mapping[str, Field[Any]]]:
    """The types of a record's fields by their names, and the fields by the names that they have outside of Python."""
    hints = get_type_hints(record, include_extras=True)
    return hints, {alias_of(hints[one.name]) or one.name: one for one in fields(record)}


def with_only(record: type[R], values: Mapping[str, object]) -> R:
    """A record that has these of its fields and no others."""
    made = object.__new__(record)
    for name, value in values.items():
        if value is not UNREAD:
            object.__setattr__(made, name, value)
    return made


def readable(items: Iterable[R]) -> Iterator[tuple[int, R]]:
    """The items of a list that could be read, with their numbers."""
    return ((number, item) for number, item in enumerate(items) if item is not UNREAD)


def where_read(check: Callable[P, Iterable[Fault]]) -> Callable[P, Iterator[Fault]]:
    """The check, which ends without a word where it asks for what is wrong in itself."""

    @wraps(check)
    def checked(*args: P.args, **kwargs: P.kwargs) -> Iterator[Fault]:
        try:
            yield from check(*args, **kwargs)
        except AttributeError as error:
            if not _is_unread(error):
                raise

    return checked


def unless_unread(ask: Callable[[], R], otherwise: R) -> R:
    """The answer, or another one where it would rest on what is wrong in itself."""
    try:
        return ask()
    except AttributeError as error:
        if not _is_unread(error):
            raise
        return otherwise


def _is_unread(error: AttributeError) -> bool:
    """Whether a field is missing that the record's class has: any other name is a mistake in the code."""
    owner = error.obj
    return is_dataclass(owner) and any(one.name == error.name for one in fields(owner))
