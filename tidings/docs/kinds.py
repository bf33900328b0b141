"""docs/reference/kinds.md: every built-in kind of message, word for word as its record says it."""

import importlib
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any

from processors import kind as words_of_kinds
from processors.kind import Kind
from processors.kinds import KINDS
from processors.template_library import TEMPLATES
from schemas.kind_settings import PLANNED
from tidings.docs.fields import field_table
from tidings.docs.markdown import code, escaped, heading, listed, page, table
from tidings.docs.meanings_of_settings import MEANINGS
from tidings.docs.wording import sentences

_INTRO = """
A kind is one file in `processors/kinds`; [how to add one](../how-to/add-a-kind.md). A tenant sets it under
`kinds.<kind>` and may give it words of its own under `templates.<kind>`; see [settings](settings.md).
"""
_LABELS = {
    "on": "events",
    "when": "condition",
    "useful_until": "useless after",
    "number": "phone",
    "variables": "templates also see",
}
_TOLD_ELSEWHERE = ("name", "settings")


def kinds() -> str:
    """The page."""
    parts: list[str] = []
    for kind in KINDS.values():
        parts += [heading(code(kind.name)), _sentence(kind), _facts(kind), heading("Settings", 3), _settings(kind)]
    parts += [heading("Words"), "What is said above of audiences, times, switches and threads:", _words()]
    return page("Kinds", "`processors/kinds/`", _INTRO, *parts)


def _sentence(kind: Kind) -> str:
    module = importlib.import_module(f"processors.kinds.{kind.name}")
    return " ".join((module.__doc__ or "").split())


def _facts(kind: Kind) -> str:
    told = [field.name for field in fields(kind) if field.name not in _TOLD_ELSEWHERE]
    if not any(channel.uses_phone for channel in kind.channels):
        told.remove("number")
    rows = [(_LABELS.get(name, name.replace("_", " ")), _said(getattr(kind, name))) for name in told]
    templates = sorted((TEMPLATES / kind.name).glob("*.j2"))
    rows.append(("templates", listed(path.relative_to(TEMPLATES) for path in templates)))
    return table(("", ""), [row for row in rows if row[1]])


def _said(value: object) -> str:
    """A value of a kind's record; empty where it says nothing of its own."""
    if isinstance(value, (str, StrEnum)):
        return code(value)
    if isinstance(value, tuple):
        return ", ".join(_said(each) for each in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{_said(key)}: {_said(each)}" for key, each in value.items())
    if value is True:
        return "yes"
    if is_dataclass(value):
        return _record(value)
    if callable(value) and value.__module__ != words_of_kinds.__name__:
        return escaped((value.__doc__ or "").strip().partition("\n")[0])
    return ""


def _record(value: Any) -> str:
    """A word of a kind's record and what it is filled with; what the word means stands at the end of the page."""
    filled = [(field.name.replace("_", " "), _said(getattr(value, field.name))) for field in fields(value)]
    named = ", ".join(f"{name} {said}" for name, said in filled if said)
    return f"{_word(type(value))} ({named})" if named else _word(type(value))


def _word(cls: type) -> str:
    """`HoursBefore` → `hours before`."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", cls.__name__).lower()


def _words() -> str:
    """Every word that a kind uses, explained by its docstring."""
    used = {
        type(each) for kind in KINDS.values() for field in fields(kind) for each in _members(getattr(kind, field.name))
    }
    return table(("word", "meaning"), [(_word(cls), sentences(cls)) for cls in sorted(used, key=_word)])


def _members(value: Any) -> list[Any]:
    values = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else (value,)
    return [each for each in values if is_dataclass(each) and not isinstance(each, type)]


def _settings(kind: Kind) -> str:
    without = () if kind.settings in PLANNED else ("late_policy",)
    return field_table(kind.settings, MEANINGS, without=without)
