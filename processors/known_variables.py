"""Which variables a message's templates have: the fields of its events, and who is who (contract section 11)."""

from collections.abc import Collection, Mapping
from typing import Any

from processors.kind import Kind
from processors.kinds import THREADS
from processors.template_library import names_in_built_in
from processors.template_reader import ANYTHING, Known, Scope
from processors.variables import TenantFacts
from schemas.candidate import Cause, Recipient
from schemas.contact import Contact
from schemas.envelope import Actor
from schemas.events import EVENT_RECORDS, FreeRecord, Patch
from schemas.events.bookings import Booking
from schemas.rule_settings import PREFIX
from schemas.shapes import Form, Shape, shapes_of

TEXT = Shape(form=Form.TEXT)
PRODUCED: Mapping[str, Mapping[str, Known]] = {
    "settings.changed": {"changed": ANYTHING, "version": ANYTHING},
    "booking.rebooked": {
        **{field.wire_name: field.shape for field in shapes_of(Booking)},
        "previous": {"booking_id": TEXT, "starts_at": TEXT},
    },
}
"""What the events hold that Tidings itself makes, or sums up."""


def scope_of(kind: Kind) -> Scope:
    """The variables of a kind's templates; those of a rule on a free event may be any besides."""
    return scope_on(kind.on, frozenset() if kind.name.startswith(PREFIX) else names_in_built_in(kind.name))


def scope_on(event_types: Collection[str], computed: Collection[str] = ()) -> Scope:
    """The variables of what answers these events; `computed` are those that it has besides."""
    fields: dict[str, Known] = {}
    is_open = False
    for event_type in _event_types(event_types):
        found = _fields(event_type)
        fields |= found or {}
        is_open = is_open or found is None
    customer = Shape(form=Form.RECORD, record=Contact)
    people: dict[str, Known] = {
        "tenant": Shape(form=Form.RECORD, record=TenantFacts),
        "contact": Shape(form=Form.RECORD, record=Contact),
        "customer": ANYTHING if "customer" in fields or is_open else customer,
        "recipient": Shape(form=Form.RECORD, record=Recipient),
        "event": {**{field.wire_name: field.shape for field in shapes_of(Cause)}, "id": TEXT},
        **dict.fromkeys(("actor", "agent", "user"), Shape(form=Form.RECORD, record=Actor)),
        "useful_until": TEXT,
    }
    named = {name: ANYTHING for name in computed if not name.startswith("_")}
    return Scope(names={**named, **fields, **people}, is_open=is_open)


def _event_types(on: Collection[str]) -> set[str]:
    """Its own events; and where one goes on with a thread, all whose fields the thread may remember."""
    remembered = {
        event_type
        for own in on
        if own in THREADS and (own not in THREADS[own].opened_by or own in THREADS[own].moved_by)
        for event_type in THREADS[own].event_types
    }
    return {*on, *remembered}


def _fields(event_type: str) -> Mapping[str, Known] | None:
    """The fields of an event; None where it may hold anything."""
    record: Any = EVENT_RECORDS.get(event_type)
    if event_type in PRODUCED:
        return PRODUCED[event_type]
    if record is None or record in (FreeRecord, Patch):
        return None
    return {field.wire_name: field.shape for field in shapes_of(record)}
