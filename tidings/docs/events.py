"""docs/reference/events.md: the envelope and every event type."""

from dataclasses import fields

from schemas.envelope import Event
from schemas.events import EVENT_RECORDS, STATE_ONLY, FreeRecord, Patch
from tidings.docs.examples import example_of
from tidings.docs.fields import field_table, nested_parts
from tidings.docs.markdown import code, heading, page, table
from tidings.docs.wording import sentences

_INTRO = """
One envelope for everything that happens, with the names of CloudEvents 1.0. See
[how to publish an event](../how-to/publish-events.md).
"""
_ENVELOPE = {
    "id": "Unique per `tenant` and `source`; the same three again is a redelivery and changes nothing.",
    "source": "The upstream system.",
    "type": "What happened: words with dots, in lower case.",
    "tenant": "The organisation.",
    "subject": "The contact it is about; a campaign's id for `campaign.*`.",
    "time": "When it happened, RFC 3339 with an offset.",
    "actor": "Who did it: `kind` (`client`, `staff` or `system`), `id`, `name`, `roles`.",
    "data": "The type's own record, below.",
}
_DEFAULTS = {"source": "`/`", "subject": "empty", "actor": "a system"}
_OTHER = """
A type that is not listed here and has two parts, such as `item.ready`, is accepted and carries a free map. Its `roles`,
where there are any, say which contact has which role.
"""
_MEANINGS = {"items": "In order."}


def events() -> str:
    """The page."""
    rows = [
        (code(name), "" if name in _DEFAULTS else "yes", _DEFAULTS.get(name, ""), _ENVELOPE[name])
        for name in (field.name for field in fields(Event))
    ]
    parts = [heading("The envelope"), table(("attribute", "needed", "default", "meaning"), rows)]
    parts += [heading("The event types"), f"There are {len(EVENT_RECORDS)}.", *_types()]
    inner = nested_parts(tuple(dict.fromkeys(EVENT_RECORDS.values())), _MEANINGS)
    parts += [heading("Parts of events"), *inner, heading("Types of your own"), _OTHER]
    return page("Events", "`schemas/events/` and `schemas/examples/`", _INTRO, *parts)


def _types() -> list[str]:
    parts = []
    for event_type, record in sorted(EVENT_RECORDS.items()):
        parts += [heading(code(event_type), 3), _record(record), _data(record), _note(event_type)]
        parts.append(example_of("events", event_type))
    return parts


def _record(record: type) -> str:
    return f"{sentences(record)} Schema: {code(record.__name__)}."


def _data(record: type) -> str:
    if record in (Patch, FreeRecord):
        return "`data` is the patch itself."
    return field_table(record, _MEANINGS)


def _note(event_type: str) -> str:
    return "It only changes state: when no kind answers it, there is no decision." if event_type in STATE_ONLY else ""
