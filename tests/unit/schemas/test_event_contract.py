"""Every event type takes exactly the fields that contract section 2 lists, and names each fault by its path.

The table is written down from the contract, not from the records: a field that is added, lost or made optional by
mistake fails here.
"""

from typing import Any

import pytest

from schemas.events import EVENT_RECORDS
from schemas.faults import Refused
from schemas.wire import event_from_mapping

TEXT, FLAG, WHOLE, MAP = "text", True, 2, {"name": "Ann"}
START = "2026-06-10T15:00:00-04:00"
ITEMS = [{"name": "Rice", "quantity": 2}]

Fields = dict[str, Any]
FIELDS: dict[str, tuple[Fields, Fields]] = {
    "appointment.scheduled": (
        {"appointment_id": TEXT, "starts_at": START, "made_by": "client"},
        {"timezone": "America/New_York", "order_id": TEXT, "location": TEXT, "title": TEXT},
    ),
    "appointment.rescheduled": ({"appointment_id": TEXT, "starts_at": START}, {"timezone": "America/New_York"}),
    "appointment.edited": ({"appointment_id": TEXT}, {"order_id": TEXT, "changes": TEXT}),
    "appointment.cancelled": ({"appointment_id": TEXT}, {}),
    "visit.edited": ({"visit_id": TEXT}, {"order_id": TEXT, "changes": TEXT}),
    "login.created": ({}, {"username": TEXT, "link": TEXT}),
    "password.chosen": ({}, {"username": TEXT, "link": TEXT}),
    "password.reset_requested": ({}, {"username": TEXT, "link": TEXT}),
    "client.registered": ({}, {"fields": MAP}),
    "clients.batch_created": ({"batch_id": TEXT, "clients": ["c1"]}, {}),
    "clients.invited": ({"batch_id": TEXT}, {"link": TEXT}),
    "login.invited": ({"has_login": FLAG}, {"batch_id": TEXT, "link": TEXT}),
    "cart.changed": ({"cart_id": TEXT}, {"items": ITEMS}),
    "cart.checked_out": ({"cart_id": TEXT}, {"items": ITEMS}),
    "cart.expired": ({"cart_id": TEXT}, {"items": ITEMS}),
    "order.completed": ({"order_id": TEXT, "items": ITEMS}, {"pickup_at": START}),
    "order.edited": ({"order_id": TEXT, "items": ITEMS}, {"pickup_at": START}),
    "order.placed": ({"order_id": TEXT, "project": TEXT}, {"customer": MAP, "order": MAP}),
    "order.deleted": ({"order_id": TEXT, "project": TEXT}, {"customer": MAP, "order": MAP}),
    **{
        f"booking.{what}": (
            {"booking_id": TEXT, "project": TEXT, "starts_at": START},
            {"calendar": TEXT, "timezone": "America/New_York", "booking": MAP, "customer": MAP},
        )
        for what in ("created", "cancelled", "completed")
    },
    "outcome.recorded": ({"project": TEXT, "outcome": TEXT, "final": FLAG, "attempt": WHOLE}, {"customer": MAP}),
    "document.sent": ({"document": "quote", "number": TEXT, "link": TEXT, "email": FLAG, "sms": FLAG}, {}),
    "quote.sent": ({"number": TEXT, "due_on": "2026-06-10", "amount": "10.00", "link": TEXT}, {}),
    "invoice.issued": ({"number": TEXT, "due_on": "2026-06-10", "amount": "10.00", "link": TEXT}, {}),
    **{
        event_type: ({"number": TEXT}, {})
        for event_type in ("quote.approved", "quote.declined", "invoice.paid", "invoice.voided")
    },
    "payment.received": ({"account": TEXT, "amount": "10.00"}, {}),
    "conversation.message_posted": ({"conversation_id": TEXT, "text": TEXT}, {"link": TEXT, "send_now": FLAG}),
    "route.started": ({"route_id": TEXT, "stops": ["c1"]}, {}),
    "route.stop_added": ({"route_id": TEXT, "stop": "c1"}, {}),
    "message.requested": ({"channel": "sms", "text": TEXT}, {"subject": TEXT, "to": "c1"}),
    "inbound.sms": ({"from": "+12025550101", "to": "+12025550111", "text": TEXT}, {}),
    "inbound.call": ({"from": "+12025550101", "to": "+12025550111"}, {}),
    "inbound.email": ({"from": TEXT, "to": TEXT, "subject": TEXT, "text": TEXT}, {"in_reply_to": TEXT}),
    "unsubscribe.clicked": ({"token": TEXT}, {}),
    "credits.purchased": ({"channel": "sms", "quantity": 500, "paid_by": "card"}, {}),
    "consent.changed": ({"address": TEXT}, {"opted_out": ["all"], "opted_in": ["TRUNK"], "suppressed": "deceased"}),
    "delivery.reported": ({"status": "delivered", "message_id": TEXT}, {"provider_ref": TEXT, "code": TEXT}),
}
"""Event type → its mandatory and its optional fields, each with a sound value."""
PATCHES = {"settings.changed", "contact.changed"}
NO_SUBJECT = {"settings.changed", "clients.batch_created", "clients.invited", "route.started", "route.stop_added"}
TYPES = sorted(FIELDS)
NAMES = {
    *("appointment_id", "visit_id", "booking_id", "route_id", "batch_id", "cart_id", "order_id", "conversation_id"),
    *("number", "stop", "token", "address"),
}
MEANINGLESS: list[Any] = [None, 1.5, [], [[]], {"odd": []}, True, "", "no such word"]
"""No field takes all of these: at least one is of a wrong type or form for it."""


def read(event_type: str, data: object) -> None:
    subject = {} if event_type in NO_SUBJECT else {"subject": "c1"}
    event_from_mapping(
        {"id": "e", "tenant": "t", "type": event_type, "time": "2026-06-01T14:00:00Z", "data": data, **subject}
    )


def faults(event_type: str, data: object) -> set[str]:
    try:
        read(event_type, data)
    except Refused as refused:
        return {fault.path for fault in refused.faults}
    return set()


def test_the_table_has_every_event_type_of_the_contract() -> None:
    written = {name for name in EVENT_RECORDS if not name.startswith("campaign.")}
    assert written == set(FIELDS) | PATCHES


@pytest.mark.parametrize("event_type", TYPES)
def test_the_mandatory_fields_are_enough_and_all_fields_are_taken(event_type: str) -> None:
    mandatory, optional = FIELDS[event_type]
    read(event_type, mandatory)
    read(event_type, {**mandatory, **optional})
    read(event_type, {**mandatory, **dict.fromkeys(optional)})


def test_an_optional_field_may_be_alone() -> None:
    for event_type in TYPES:
        mandatory, optional = FIELDS[event_type]
        for name, value in optional.items():
            read(event_type, {**mandatory, name: value})


@pytest.mark.parametrize("event_type", TYPES)
def test_a_mandatory_field_that_is_missing_is_named(event_type: str) -> None:
    mandatory, _ = FIELDS[event_type]
    for name in mandatory:
        rest = {key: value for key, value in mandatory.items() if key != name}
        assert faults(event_type, rest) == {f"data.{name}"}
        assert faults(event_type, {**rest, name: None}) == {f"data.{name}"}


@pytest.mark.parametrize("event_type", TYPES)
def test_a_field_that_holds_something_else_is_named_and_nothing_but_it(event_type: str) -> None:
    mandatory, optional = FIELDS[event_type]
    whole = {**mandatory, **optional}
    for name in whole:
        found = [faults(event_type, {**whole, name: value}) for value in MEANINGLESS]
        assert all(path == f"data.{name}" or path.startswith(f"data.{name}.") for paths in found for path in paths)
        assert sum(map(bool, found)) >= len(MEANINGLESS) - 3, name


@pytest.mark.parametrize(
    ("event_type", "name"),
    [(each, name) for each in TYPES for name in FIELDS[each][0] if name in NAMES and each != "document.sent"],
)
def test_what_has_an_empty_name_is_refused(event_type: str, name: str) -> None:
    """Two carts without a name would be one. A document's number is only written out."""
    mandatory, _ = FIELDS[event_type]
    assert faults(event_type, {**mandatory, name: ""}) == {f"data.{name}"}


@pytest.mark.parametrize("event_type", TYPES)
def test_a_field_that_the_contract_does_not_list_is_named(event_type: str) -> None:
    mandatory, _ = FIELDS[event_type]
    assert faults(event_type, {**mandatory, "Extra": None}) == {"data.Extra"}


def test_every_fault_of_an_event_is_told_at_once() -> None:
    for event_type in TYPES:
        mandatory, _ = FIELDS[event_type]
        wrong = {name: [[]] for name in mandatory}
        assert faults(event_type, {**wrong, "extra": 1}) >= {"data.extra"}
        assert len(faults(event_type, {**wrong, "extra": 1})) == len(mandatory) + 1


BROKEN_LISTS: list[tuple[str, str, object, str]] = [
    ("order.completed", "items", [{"name": "Rice"}], "data.items.0.quantity"),
    ("order.completed", "items", [{"name": "Rice", "quantity": "2"}], "data.items.0.quantity"),
    ("order.completed", "items", [{"name": "Rice", "quantity": 2.0}], "data.items.0.quantity"),
    ("order.completed", "items", [*ITEMS, {"name": "Oil", "quantity": 1, "price": "1"}], "data.items.1.price"),
    ("route.started", "stops", ["c1", 2], "data.stops.1"),
    ("clients.batch_created", "clients", [None], "data.clients.0"),
    ("consent.changed", "opted_out", ["all", 1], "data.opted_out.1"),
]


@pytest.mark.parametrize(("event_type", "name", "value", "path"), BROKEN_LISTS)
def test_a_member_of_a_list_is_named_by_its_place(event_type: str, name: str, value: object, path: str) -> None:
    assert faults(event_type, {**FIELDS[event_type][0], name: value}) == {path}
