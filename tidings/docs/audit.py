"""docs/reference/audit.md: what `tidings audit` finds of each kind of record, and what it does not."""

from dataclasses import fields
from typing import Any, cast

from tidings.audit.sight import SIGHTS, Sight
from tidings.docs.markdown import code, listed, page, table

_INTRO = """
What `tidings audit` finds when one record is taken away, stands twice, or says something else than it did. Tests take
every kind of record out of a log, double it and change each of its fields.

This holds of a record that took its ordinary way, as long as what it comes from, or what comes of it, is
[kept](topics.md), and once it has settled (`--settle-seconds`).
"""


def audit() -> str:
    """The page."""
    columns = ("topic", "record", "one that is removed", "one that is doubled", "another value", "note")
    return page("What an audit finds", "`tidings/audit/sight.py`", _INTRO, table(columns, map(_row, SIGHTS)))


def _row(sight: Sight) -> tuple[str, ...]:
    names = {each.name for each in fields(cast("Any", sight.record))}
    unseen = listed(name.rstrip("_") for name in sight.unseen if name in names)
    other = f"is named, but for {unseen}" if unseen else "is named"
    return (
        code(sight.topic),
        code(sight.record.__name__),
        sight.removed or "is named",
        sight.doubled or "is named",
        other,
        sight.note,
    )
