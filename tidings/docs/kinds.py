"""docs/reference/kinds.md: every built-in kind of message."""

import importlib

from processors.kind import Audience, HoursBefore, Kind, Subject, Timing, always, no_variables
from processors.kinds import KINDS
from processors.render import TEMPLATES
from schemas.kind_settings import PLANNED
from schemas.words import InDoubt
from tidings.docs.fields import field_table
from tidings.docs.markdown import code, heading, listed, page, table
from tidings.docs.meanings_of_settings import MEANINGS

_INTRO = """
A kind is one file in `processors/kinds`; [how to add one](../how-to/add-a-kind.md). A tenant sets it under
`kinds.<kind>` and may give it words of its own under `templates.<kind>`; see [settings](settings.md).
"""
_IN_DOUBT = {
    InDoubt.RESEND: "it is sent again",
    InDoubt.WAIT_THEN_RESEND: "a report is waited for, then it is sent again",
    InDoubt.DROP: "it is not sent again",
    InDoubt.HOLD: "it waits for a person",
}


def kinds() -> str:
    """The page."""
    parts: list[str] = []
    for kind in KINDS.values():
        parts += [heading(code(kind.name)), _sentence(kind), _facts(kind), heading("Settings", 3), _settings(kind)]
    return page("Kinds", "`processors/kinds/`", _INTRO, *parts)


def _sentence(kind: Kind) -> str:
    module = importlib.import_module(f"processors.kinds.{kind.name}")
    return " ".join((module.__doc__ or "").split())


def _facts(kind: Kind) -> str:
    rows = [
        ("events", listed(kind.on)),
        ("condition", "" if kind.when is always else _first_line(kind.when)),
        ("audience", _audience(kind.audience)),
        ("channels", "; ".join(f"{code(channel)}: {_timing(timing)}" for channel, timing in kind.channels.items())),
        ("needs", ", ".join(code(f"kinds.{switch.of or kind.name}.{switch.key}") for switch in kind.switches)),
        ("thread", _thread(kind)),
        ("useless after", code(kind.useful_until or "")),
        ("phone", f"the contact's {kind.number} one" if any(each.uses_phone for each in kind.channels) else ""),
        ("lane", code(kind.lane)),
        ("in doubt", _IN_DOUBT[kind.in_doubt]),
        ("templates", listed(path.relative_to(TEMPLATES) for path in sorted((TEMPLATES / kind.name).glob("*.j2")))),
        ("templates also see", "" if kind.variables is no_variables else _first_line(kind.variables)),
    ]
    return table(("", ""), [row for row in rows if row[1]])


def _first_line(function: object) -> str:
    return (function.__doc__ or "").strip().partition("\n")[0]


def _audience(audience: Audience) -> str:
    if isinstance(audience, Subject):
        return "the contact the event is about"
    return f"every member of staff with role {code(audience.role)}"


def _timing(timing: Timing) -> str:
    if isinstance(timing, HoursBefore):
        return f"{code(timing.setting)} before {code(timing.of)}; off while that is unset"
    return "at once"


def _thread(kind: Kind) -> str:
    if kind.thread is None:
        return ""
    moved, ended = listed(kind.thread.moved_by), listed(kind.thread.ended_by)
    ways = [f"opened by {listed(kind.thread.opened_by)}", moved and f"moved by {moved}", ended and f"ended by {ended}"]
    return f"{code(kind.thread.field)}: {', '.join(way for way in ways if way)}"


def _settings(kind: Kind) -> str:
    without = () if kind.settings in PLANNED else ("late_policy",)
    return field_table(kind.settings, MEANINGS, without=without)
