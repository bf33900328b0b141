"""JSON as it may enter: no duplicate key, no NaN, no broken text, nothing beyond the named limits."""

import json
import math
from collections.abc import Callable
from json.encoder import encode_basestring
from typing import Any, NoReturn

from schemas.faults import Fault, Refused

MAX_BYTES = 1_048_576
MAX_DEPTH = 32
MAX_WHOLE = 2**63 - 1
"""The largest whole number: what Avro's long and every JSON reader of ours can hold."""

_DEEP = f"is nested deeper than {MAX_DEPTH} levels"
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=False).encode


def size_bytes(text: str) -> int:
    """What a text takes in UTF-8, which is what records and their limits are counted in."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def json_to_text(value: object) -> str:
    """Compact JSON; TypeError or ValueError for what JSON cannot say."""
    return _encode(value)


quoted: Callable[[str], str] = encode_basestring
"""A text as JSON, as `json_to_text` writes it, at a tenth of its cost."""


def json_from_text(text: str | bytes) -> Any:
    """The value a JSON text says; Refused with what is wrong when it says none."""
    if (size_bytes(text) if isinstance(text, str) else len(text)) > MAX_BYTES:
        raise _refused(f"is longer than {MAX_BYTES} bytes")
    try:
        written = text.decode() if isinstance(text, bytes) else text
        value = _decode(written)
    except UnicodeDecodeError as error:
        raise _refused(f"is not UTF-8: byte {error.object[error.start]:#04x} at {error.start}") from None
    except json.JSONDecodeError as error:
        raise _refused(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise _refused(_DEEP) from None
    except Refused:
        raise
    except ValueError as error:  # a number of more digits than Python converts
        raise _refused(f"is not JSON that can be read: {error}") from None
    if not written.isascii() or "\\u" in written or written.count("{") + written.count("[") > MAX_DEPTH:
        check_json(value)  # depth and surrogates; all else was looked at while reading
    return value


def check_json(value: object) -> None:
    """Raise Refused, with all faults, unless the value is what JSON can say within the limits.

    Walks with a list of its own: input must not be able to exhaust the stack. Nearly always all is well: paths are
    made only when something is not.
    """
    if _is_well(value):
        return
    faults: list[Fault] = []
    waiting: list[tuple[str, int, object]] = [("", 0, value)]
    while waiting:
        path, depth, item = waiting.pop()
        if depth > MAX_DEPTH:
            raise _refused(_DEEP)
        if isinstance(item, dict):
            faults += [
                Fault(path=path, reason=f"has a key that is no text: {key!r}") for key in item if not _is_text(key)
            ]
            waiting += [(f"{path}.{key}" if path else str(key), depth + 1, member) for key, member in item.items()]
        elif isinstance(item, (list, tuple)):
            waiting += [(f"{path}.{n}" if path else str(n), depth + 1, member) for n, member in enumerate(item)]
        elif not _is_scalar(item):
            faults.append(Fault(path=path, reason=f"is nothing that JSON can say: {item!r}"))
    if faults:
        raise Refused(*faults)


def _is_well(value: object) -> bool:
    """Whether nothing of it is outside of the limits; what is of an odd class is looked at slowly."""
    texts: list[str] = []
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH + 1):
        inner: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is str:
                texts.append(item)
            elif kind is dict:
                texts += item
                inner += item.values()
            elif kind is list or kind is tuple:
                inner += item
            elif not _is_scalar(item):
                return False
        if not inner:
            return _are_texts(texts)
        level = inner
    return False


def _are_texts(items: list[str]) -> bool:
    """All at once: what is wrong with one of them is wrong with all that they make together, and nothing else is."""
    try:
        return _is_text("".join(items))
    except TypeError:
        return False


def _is_scalar(item: object) -> bool:
    if isinstance(item, float):
        return math.isfinite(item)
    if isinstance(item, int):
        return -MAX_WHOLE <= item <= MAX_WHOLE
    return item is None or _is_text(item)


def _is_text(item: object) -> bool:
    """Text without half of a surrogate pair, which no encoding can write, and without NUL, which parts our keys."""
    if not isinstance(item, str) or "\0" in item:
        return False
    if item.isascii():
        return True
    try:
        item.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = [key for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]  # add is None
        raise _refused(f"has the key {twice[0]!r} twice")
    return members


def _whole(digits: str) -> int:
    number = int(digits)
    if not -MAX_WHOLE <= number <= MAX_WHOLE:
        raise _refused(f"holds the number {digits}, which is too large")
    return number


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _refused(f"holds the number {digits}, which is too large")
    return number


def _no_constant(name: str) -> NoReturn:
    raise _refused(f"holds {name}, which is no JSON")


def _refused(reason: str) -> Refused:
    return Refused(Fault(path="", reason=reason))


_decode = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_whole, parse_float=_finite
).decode
