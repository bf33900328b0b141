"""From plain JSON values to a record and back, strictly: no coercion, no unknown keys, all faults at once."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, to_json

from schemas.faults import MOST_TOLD, Fault, Refused, told
from schemas.json_text import check_json, json_to_text
from schemas.near import near, unknown
from schemas.plain_form import plain_of
from schemas.shapes import members_at

R = TypeVar("R")

MAX_SHOWN = 80
"""Characters of a wrong value that a message repeats."""


def parse(record: type[R], plain: object, path: str = "") -> R:
    """The record that plain values say; raises Refused with one Fault per thing wrong, paths under `path`."""
    parsed: R = parse_as(record, plain, path)
    return parsed


def parse_checked(record: type[R], plain: object, path: str = "") -> R:
    """The same for plain values that `check_json` has let through, or that were read from JSON text of ours."""
    try:
        parsed: R = _adapter(cast("Any", record)).validator.validate_json(to_json(plain), strict=True)
    except ValidationError as error:
        raise _refused(error, record, path) from None
    return parsed


def parse_as(hint: Any, plain: object, path: str = "") -> Any:
    """The same for any type hint that a field of a record may have."""
    try:
        check_json(plain)
        return _adapter(hint).validator.validate_json(to_json(plain), strict=True)
    except ValidationError as error:
        raise _refused(error, hint, path) from None
    except Refused as refused:
        raise Refused(
            *(Fault(path=joined(path, fault.path), reason=fault.reason) for fault in refused.faults)
        ) from None


def to_plain(record: object) -> dict[str, Any]:
    """The record as JSON can say it: wire names, RFC 3339 times, decimal strings; what is None is left out."""
    return plain_of(cast("Any", type(record)))(record)


def joined(*parts: str | int) -> str:
    """A dotted path."""
    return ".".join(str(part) for part in parts if part != "")


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(hint)


IN_QUOTES = ": put it in quotes"
_NUMBERS = ("int_type", "float_type")
_UNKNOWN_KEY = ("unexpected_keyword_argument", "extra_forbidden")
_REASONS: Mapping[str, str] = {
    "missing": "is missing",
    "string_type": "must be text, not {shown}",
    "bool_type": "must be true or false, not {shown}",
    "int_type": "must be a whole number, not {shown}",
    "int_from_float": "must be a whole number, not {shown}",
    "int_parsing": "must be a whole number, not {shown}",
    "float_type": "must be a number, not {shown}",
    "literal_error": "must be one of {expected}, not {shown}",
    "enum": "must be one of {expected}, not {shown}",
    "greater_than_equal": "must be at least {ge}, not {shown}",
    "greater_than": "must be more than {gt}, not {shown}",
    "less_than_equal": "must be at most {le}, not {shown}",
    "less_than": "must be less than {lt}, not {shown}",
    "string_too_long": "must be at most {max_length} characters long",
    "string_too_short": "must have at least {min_length} characters",
    "too_short": "must not be empty",
    "too_long": "must have at most {max_length} members",
    "tuple_type": "must be a list, not {shown}",
    "list_type": "must be a list, not {shown}",
    "mapping_type": "must be a map, not {shown}",
    "dict_type": "must be a map, not {shown}",
    "dataclass_type": "must be a map, not {shown}",
    "date_parsing": "must be a date such as 2026-04-01, not {shown}",
    "date_type": "must be a date such as 2026-04-01, not {shown}",
    "date_from_datetime_parsing": "must be a date such as 2026-04-01, not {shown}",
    "date_from_datetime_inexact": "must be a date such as 2026-04-01, not {shown}",
    "value_error": "{error}",
}


def _refused(error: ValidationError, hint: Any, path: str) -> Refused:
    """One fault a thing: a key that is missing because it was misspelt is told of once."""
    found = error.errors(include_url=False)
    misspelt = {_path(details, meant) for details in found[:MOST_TOLD] if (meant := _meant(details, hint))}
    faults = (
        Fault(path=joined(path, *_path(details)), reason=_unknown(details, hint) or reason_of(details))
        for details in found
        if not (details["type"] == "missing" and _path(details) in misspelt)
    )
    return Refused(*told(faults, path))


def _path(details: ErrorDetails, last: str | None = None) -> tuple[int | str, ...]:
    path = tuple(part for part in details["loc"] if part != "[key]")
    return path if last is None else (*path[:-1], last)


def _meant(details: ErrorDetails, hint: Any) -> str | None:
    """The key that a key which does not exist stands for, if it is like one."""
    if details["type"] not in _UNKNOWN_KEY:
        return None
    *place, name = _path(details)
    return near(str(name), members_at(hint, place))


def _unknown(details: ErrorDetails, hint: Any) -> str | None:
    if details["type"] not in _UNKNOWN_KEY:
        return None
    *place, name = _path(details)
    return unknown(str(name), members_at(hint, place))


def reason_of(details: ErrorDetails) -> str:
    """What is wrong with one value, in words; faults are logged and kept, so a secret is not repeated in them."""
    shown = "•••" if details["loc"][-1:] == ("secret",) else shown_value(details["input"])
    context = {key: f"{value:g}" if isinstance(value, float) else str(value) for key, value in _context(details)}
    if "expected" in context:
        context["expected"] = context["expected"].replace("'", "").replace(" or ", ", ")
    is_empty = details["type"] == "string_too_short" and context["min_length"] == "1"
    template = _REASONS.get("too_short" if is_empty else details["type"])
    reason = template.format(**{**context, "shown": shown}) if template else f"{details['msg']}, not {shown}"
    return reason + _mending(details["type"], details["input"])


def _mending(error: str, value: object) -> str:
    """How a value is written that people often write otherwise."""
    if error == "string_type" and isinstance(value, int | float) and not isinstance(value, bool):
        return IN_QUOTES
    if error in ("tuple_type", "list_type") and isinstance(value, str):
        return f": write [{shown_value(value)}]"
    if error in _NUMBERS and isinstance(value, str) and value.strip().lstrip("-").replace(".", "", 1).isdigit():
        return ": leave out the quotes"
    return ""


def _context(details: ErrorDetails) -> Iterable[tuple[str, object]]:
    return details.get("ctx", {}).items()


def shown_value(value: object) -> str:
    """A wrong value as a message repeats it: as JSON, cut to a line."""
    text = json_to_text(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
