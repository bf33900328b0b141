"""Whether what happened agrees with what was expected: on the keys named (contract section 10)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation

from schemas.values import instant_from_text

_AMOUNTS = frozenset({"amount", "total", "price"})
_SETS = frozenset({"opted_out", "opted_in", "usage_ids"})


def disagreements(wanted: Mapping[str, object], found: Mapping[str, object]) -> list[str]:
    """One sentence for each named key on which the two differ."""
    said: list[str] = []
    for key, value in wanted.items():
        match key:
            case "contains" | "lacks" | "subject_contains":
                said += _texts_differ(key, _listed(value), found)
            case _ if not agrees(value, found.get(key), key):
                was = _shown(found[key]) if key in found else "absent"
                said.append(f"{key}: expected {_shown(value)}, was {was}")
    return said


def agrees(wanted: object, found: object, field: str = "") -> bool:
    """Maps on the keys named, lists member by member, instants and amounts by what they mean."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(agrees(value, found.get(key), key) for key, value in wanted.items())
    if isinstance(wanted, (list, tuple)):
        return isinstance(found, (list, tuple)) and _lists_agree(wanted, found, field)
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    if wanted == found:
        return True
    if field in _AMOUNTS:
        return _amount(wanted) is not None and _amount(wanted) == _amount(found)
    if isinstance(wanted, str) and isinstance(found, str):
        return reasons_agree(wanted, found) if field == "reason" else _same_instant(wanted, found)
    return False


def reasons_agree(wanted: str, found: str) -> bool:
    """A reason named without its parameter matches any."""
    name, _, parameter = found.partition(":")
    wanted_name, colon, wanted_parameter = wanted.partition(":")
    if name != wanted_name:
        return False
    return not colon or wanted_parameter == parameter or _same_instant(wanted_parameter, parameter)


def _lists_agree(wanted: Sequence[object], found: Sequence[object], field: str) -> bool:
    if field in _SETS:
        return sorted(map(str, wanted)) == sorted(map(str, found))
    return len(wanted) == len(found) and all(agrees(one, other) for one, other in zip(wanted, found, strict=True))


def _same_instant(wanted: str, found: str) -> bool:
    one, other = _instant(wanted), _instant(found)
    return one is not None and one == other


def _instant(text: str) -> datetime | None:
    try:
        return instant_from_text(text)
    except ValueError:
        return None


def _amount(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _listed(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value) if isinstance(value, Iterable) else []


def _texts_differ(key: str, parts: list[str], found: Mapping[str, object]) -> list[str]:
    texts = _texts(found)
    if key == "lacks":
        return [f"lacks: {part!r} occurs" for part in parts if any(part in text for text in texts)]
    if key == "subject_contains":
        texts = [str(found.get("subject") or "")]
    if any(_occur_in_order(parts, text) for text in texts):
        return []
    absent = [part for part in parts if not any(part in text for text in texts)]
    why = f"{', '.join(map(repr, absent))} does not occur" if absent else "not in this order"
    return [f"{key}: {parts!r}: {why} in {texts[0]!r}"]


def _texts(found: Mapping[str, object]) -> list[str]:
    """What is searched: subject and then text, and the html; of a refused input, its errors."""
    errors = found.get("errors")
    if isinstance(errors, list):
        return ["\n".join(f"{error['path']}: {error['reason']}" for error in errors)]
    texts = ["\n".join(str(found[part]) for part in ("subject", "text") if found.get(part))]
    return [*texts, str(found["html"])] if found.get("html") else texts


def _occur_in_order(parts: Iterable[str], text: str) -> bool:
    at = 0
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
