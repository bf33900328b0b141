"""What an event's record must keep beyond its types: times, dates, alternatives, subjects (contract section 2)."""

import binascii
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, cast

from schemas.consent import SUPPRESSIONS
from schemas.events.bookings import (
    AppointmentCancelled,
    AppointmentEdited,
    AppointmentRescheduled,
    AppointmentScheduled,
    Booking,
    RouteStarted,
    RouteStopAdded,
    VisitEdited,
)
from schemas.events.campaigns import Audience, CampaignCreated, CampaignRows
from schemas.events.contacts import ClientsBatchCreated, ClientsInvited, ConsentChanged, UnsubscribeClicked
from schemas.events.documents import ConversationMessagePosted, CreditsPurchased, Demand, DemandAnswered
from schemas.events.free import EventRecord, FreeRecord, Patch
from schemas.events.inbound import DeliveryReported, InboundSms
from schemas.events.orders import Cart, Order, ProjectOrder
from schemas.faults import Fault
from schemas.shapes import Form, Shape, shapes_of
from schemas.values import PLANNABLE_YEARS, date_from_text, local_or_instant, zone_from_text
from schemas.words import Status

Faults = Iterator[Fault]


NO_SUBJECT = frozenset(
    {"settings.changed", "clients.batch_created", "clients.invited", "route.started", "route.stop_added"}
)
"""Events about a tenant, whose subject must be empty: their key decides where the tenant's state is."""

_CONTACT_FAMILIES = ("appointment", "visit", "cart", "order", "booking", "quote", "invoice", "login", "password")
_CONTACT_TYPES = frozenset(
    {"contact.changed", "client.registered", "outcome.recorded", "document.sent", "conversation.message_posted"}
)


_NAMES: dict[type[EventRecord], tuple[str, ...]] = {
    AppointmentScheduled: ("appointment_id",),
    AppointmentRescheduled: ("appointment_id",),
    AppointmentEdited: ("appointment_id",),
    AppointmentCancelled: ("appointment_id",),
    VisitEdited: ("visit_id",),
    Booking: ("booking_id",),
    RouteStarted: ("route_id",),
    RouteStopAdded: ("route_id", "stop"),
    ClientsBatchCreated: ("batch_id",),
    ClientsInvited: ("batch_id",),
    ConsentChanged: ("address",),
    UnsubscribeClicked: ("token",),
    Demand: ("number",),
    DemandAnswered: ("number",),
    ConversationMessagePosted: ("conversation_id",),
    InboundSms: ("to",),
    Cart: ("cart_id",),
    Order: ("order_id",),
    ProjectOrder: ("order_id",),
}
"""Fields that name something. Two appointments without a name would be one, and the second would move the first."""


def subject_faults(event_type: str, subject: str, record: EventRecord | None) -> Faults:
    """Whether the subject is there, or absent, as this type of event needs it; `record` is its data, where readable."""
    family = event_type.partition(".")[0]
    if event_type in NO_SUBJECT:
        if subject:
            yield Fault(path="subject", reason=f"must be empty for {event_type}, not {subject!r}")
    elif subject:
        return
    elif family == "campaign" and not isinstance(record, FreeRecord):
        yield Fault(path="subject", reason=f"is missing: {event_type} needs the id of its campaign")
    elif event_type in _CONTACT_TYPES or (family in _CONTACT_FAMILIES and not isinstance(record, FreeRecord)):
        yield Fault(path="subject", reason=f"is missing: {event_type} needs the id of its contact")
    elif event_type == "message.requested" and not getattr(record, "to", None):
        yield Fault(path="subject", reason="is missing: message.requested needs a contact, as subject or as data.to")


def has_faults(event_type: str, subject: str, record: EventRecord) -> bool:
    """Whether there is any fault but NUL; this is asked of every event, so it asks only what can be wrong with it."""
    if (not subject or event_type in NO_SUBJECT) and any(subject_faults(event_type, subject, record)):
        return True
    if any(_unnamed(record)):
        return True
    check = _CHECKS.get(type(record))
    if check is not None:
        return any(check(record))
    return type(record) is Patch and any(data_faults(event_type, record))


def holds_nul(record: EventRecord) -> bool:
    """Whether a text of the record holds a NUL, which parts our table keys; JSON that was let through has none."""
    return _nul_finder(cast("Any", type(record)))(record)


def data_faults(event_type: str, record: EventRecord) -> Faults:
    """What is wrong with a record whose types are right; paths begin at `data`."""
    if holds_nul(record):
        yield from _nul_faults(record)
    for name in _unnamed(record):
        yield Fault(path=f"data.{name}", reason="must not be empty")
    check = _CHECKS.get(type(record))
    if check is not None:
        yield from check(record)
    if isinstance(record, Patch) and record.patch is None and event_type == "settings.changed":
        yield Fault(path="data", reason="must be a map: settings cannot be erased")


def _unnamed(record: EventRecord) -> Iterator[str]:
    return (name for name in _NAMES.get(type(record), ()) if not getattr(record, name))


def _starts_at(record: AppointmentScheduled | AppointmentRescheduled | Booking) -> Faults:
    if record.timezone is not None:
        try:
            zone_from_text(record.timezone)
        except ValueError as error:
            yield Fault(path="data.timezone", reason=str(error))
    try:
        moment = local_or_instant(record.starts_at)
    except ValueError as error:
        yield Fault(path="data.starts_at", reason=str(error))
        return
    if moment.tzinfo is None and record.timezone is None:
        yield Fault(path="data.starts_at", reason=f"is a local time, {record.starts_at!r}: add an offset or a timezone")
    elif moment.year not in PLANNABLE_YEARS:
        yield Fault(path="data.starts_at", reason=f"is not a time one can plan for: {record.starts_at!r}")


def _demand(record: Demand) -> Faults:
    try:
        due_on = date_from_text(record.due_on)
    except ValueError as error:
        yield Fault(path="data.due_on", reason=str(error))
        return
    if due_on.year not in PLANNABLE_YEARS:
        yield Fault(path="data.due_on", reason=f"is not a date one can plan for: {record.due_on!r}")


def _order(record: Order) -> Faults:
    if record.pickup_at is not None:
        try:
            local_or_instant(record.pickup_at)
        except ValueError as error:
            yield Fault(path="data.pickup_at", reason=str(error))


def _consent(record: ConsentChanged) -> Faults:
    for name, scopes in (("opted_out", record.opted_out), ("opted_in", record.opted_in)):
        for number, scope in enumerate(scopes or ()):
            if not scope.strip():
                yield Fault(path=f"data.{name}.{number}", reason="must not be empty")
    if record.suppressed is not None and record.suppressed not in SUPPRESSIONS:
        reason = f"must be one of {', '.join(SUPPRESSIONS)}, not {record.suppressed!r}"
        yield Fault(path="data.suppressed", reason=reason)


def _credits(record: CreditsPurchased) -> Faults:
    if not 500 <= record.quantity <= 15_000:
        yield Fault(path="data.quantity", reason=f"must be 500 to 15000, not {record.quantity}")


def _report(record: DeliveryReported) -> Faults:
    if record.message_id is None and record.provider_ref is None:
        yield Fault(path="data.message_id", reason="is missing, and so is provider_ref: one of them names the message")
    if record.status not in set(Status):
        yield Fault(path="data.status", reason=f"must be one of {', '.join(Status)}, not {record.status!r}")


def _campaign(record: CampaignCreated) -> Faults:
    yield from _audience(record.audience)
    for number, attachment in enumerate(record.attachments or ()):
        try:
            binascii.a2b_base64(attachment.content, strict_mode=True)
        except ValueError:
            yield Fault(path=f"data.attachments.{number}.content", reason="is not base64")


def _audience(audience: Audience) -> Faults:
    ways = [name for name in ("buildings", "accounts", "report", "programme") if getattr(audience, name) is not None]
    if len(ways) != 1:
        given = " and ".join(ways) or "none"
        yield Fault(
            path="data.audience", reason=f"must be exactly one of buildings, accounts, report, programme; got {given}"
        )
    if audience.customer_types is not None and audience.buildings is None:
        yield Fault(path="data.audience.customer_types", reason="only goes with buildings")


def _rows(record: CampaignRows) -> Faults:
    if (record.rows is None) == (not record.all):
        yield Fault(path="data", reason="must name rows, or say all: true, and not both")


def _free(record: FreeRecord) -> Faults:
    roles = record.values.get("roles")
    if roles is None:
        return
    if not isinstance(roles, dict):
        yield Fault(path="data.roles", reason=f"must be a map of role to contact id, not {roles!r}")
        return
    for role, contact in roles.items():
        if not isinstance(contact, str):
            yield Fault(path=f"data.roles.{role}", reason=f"must be a contact id, not {contact!r}")


_CHECKS: dict[type[EventRecord], Callable[[Any], Faults]] = {
    AppointmentScheduled: _starts_at,
    AppointmentRescheduled: _starts_at,
    Booking: _starts_at,
    Demand: _demand,
    Order: _order,
    ConsentChanged: _consent,
    CreditsPurchased: _credits,
    DeliveryReported: _report,
    CampaignCreated: _campaign,
    CampaignRows: _rows,
    FreeRecord: _free,
}


def _nul_faults(record: EventRecord) -> Faults:
    """NUL parts our table keys; free maps were looked at when their JSON was read."""
    for path, value in _texts(record, "data"):
        if "\0" in value:
            yield Fault(path=path, reason="holds a NUL character")


def _texts(record: object, path: str) -> Iterator[tuple[str, str]]:
    for name, wire_name, shape in _text_fields(cast("Any", type(record))):
        value = getattr(record, name)
        if value is not None:
            yield from _texts_of(value, shape, f"{path}.{wire_name}")


def _texts_of(value: Any, shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    if shape.form is Form.TEXT:
        yield path, value
    elif shape.form is Form.RECORD:
        yield from _texts(value, path)
    elif shape.item is not None:
        for number, member in enumerate(value):
            yield from _texts_of(member, shape.item, f"{path}.{number}")


@cache
def _nul_finder(record: type) -> Callable[[Any], bool]:
    """Whether a record of this class holds a NUL anywhere; compiled, because every event is asked."""
    finders = tuple((name, _nul_in(shape)) for name, _, shape in _text_fields(record))

    def find(value: Any) -> bool:
        for name, holds in finders:
            member = getattr(value, name)
            if member is not None and holds(member):
                return True
        return False

    return find


def _nul_in(shape: Shape) -> Callable[[Any], bool]:
    if shape.form is Form.TEXT:
        return _has_nul
    if shape.form is Form.RECORD and shape.record is not None:
        return _nul_finder(shape.record)
    if shape.form is Form.LIST and shape.item is not None:
        holds = _nul_in(shape.item)
        return lambda members: any(map(holds, members))
    return lambda _number: False


def _has_nul(text: str) -> bool:
    return "\0" in text


@cache
def _text_fields(record: type) -> tuple[tuple[str, str, Shape], ...]:
    holding = (Form.TEXT, Form.RECORD, Form.LIST)
    return tuple((f.name, f.wire_name, f.shape) for f in shapes_of(record) if f.shape.form in holding)
