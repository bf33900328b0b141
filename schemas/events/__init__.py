"""The event types of contract section 2: each type's own record, found by the type's name."""

from schemas.events import bookings, campaigns, contacts, documents, inbound, orders
from schemas.events.free import EventRecord, FreeRecord, Patch

EVENT_RECORDS: dict[str, type[EventRecord]] = {
    name: record
    for family in (contacts, bookings, orders, documents, campaigns, inbound)
    for name, record in family.RECORDS.items()
}
"""Type name → record. A type that is not here and has a two-part name carries a `FreeRecord`."""

STATE_ONLY = frozenset(
    {
        "settings.changed",
        "contact.changed",
        "consent.changed",
        "credits.purchased",
        "payment.received",
        "quote.approved",
        "quote.declined",
        "invoice.paid",
        "invoice.voided",
        "delivery.reported",
        "unsubscribe.clicked",
    }
)
"""Events that only change state: when nothing answers them that needs no decision (contract section 9)."""


def record_type(event_type: str) -> type[EventRecord]:
    """The record that `data` of this event type must be."""
    return EVENT_RECORDS.get(event_type, FreeRecord)


__all__ = ["EVENT_RECORDS", "STATE_ONLY", "EventRecord", "FreeRecord", "Patch", "record_type"]
