"""Every fault of a settings document, also those that are only looked for once the others are mended.

A change is refused with what the first look finds: words are not tried while a section has the wrong type. Whoever
writes a file wants to mend all of it at once. So what is wrong is taken out of a copy, and the rest looked at again.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from processors.settings import parse
from schemas.faults import Fault, Refused

_LOOKS = 20
_DEPENDENT = "is no key of"
"""Such a fault may come from what was taken out, so that it counts at the first look only."""


def every_fault(document: Mapping[str, object]) -> tuple[Fault, ...]:
    """What is wrong, each thing once; empty when the document is valid."""
    rest: dict[str, Any] = deepcopy(dict(document))
    places = list(range(len(rest["rules"]))) if isinstance(rest.get("rules"), list) else []
    found: dict[Fault, None] = {}
    for look in range(_LOOKS):
        faults = list(_faults(rest, places))
        if not faults:
            break
        known = {fault.path for fault in found}
        for fault in faults:
            if not _is_known(fault, known) and (look == 0 or _DEPENDENT not in fault.reason):
                found[fault] = None
        _take_out(rest, places, faults)
    return tuple(found)


def _faults(rest: Mapping[str, object], places: list[int]) -> Iterator[Fault]:
    try:
        parse(rest)
    except Refused as refused:
        for fault in refused.faults:
            yield Fault(path=_renumbered(fault.path, places), reason=fault.reason)


def _renumbered(path: str, places: list[int]) -> str:
    """The path in the document as it was, for one in which rules were taken out."""
    section, _, below = path.partition(".")
    number, dot, rest = below.partition(".")
    if section != "rules" or not number.isdigit() or int(number) >= len(places):
        return path
    return f"rules.{places[int(number)]}{dot}{rest}"


def _is_known(fault: Fault, known: set[str]) -> bool:
    return any(fault.path == path or fault.path.startswith(f"{path}.") for path in known)


def _take_out(rest: dict[str, Any], places: list[int], faults: list[Fault]) -> None:
    """Without what is wrong; what is wrong because something is missing goes with all that is around it."""
    for path in sorted({fault.path for fault in faults}, reverse=True):
        steps = path.split(".")
        if steps[0] == "rules" and len(steps) > 1 and steps[1].isdigit():
            _take_out_of_rule(rest["rules"], places, int(steps[1]), steps[2:])
        elif not _without(rest, steps):
            rest.pop(steps[0], None)


def _take_out_of_rule(rules: list[Any], places: list[int], number: int, steps: list[str]) -> None:
    if number not in places:
        return
    index = places.index(number)
    if not steps or not isinstance(rules[index], dict) or not _without(rules[index], steps):
        del rules[index], places[index]


def _without(where: dict[str, Any], steps: list[str]) -> bool:
    """Whether the last step was there, and is no more; lists keep their items, which others are counted by."""
    inner: Any = where
    for step in steps[:-1]:
        inner = inner.get(step) if isinstance(inner, dict) else None
    if not isinstance(inner, dict) or steps[-1] not in inner:
        return False
    del inner[steps[-1]]
    return True
