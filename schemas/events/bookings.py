"""Events about appointments, visits, bookings, calls and routes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from schemas.events.free import EventRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentScheduled(EventRecord):
    """An appointment was made; `starts_at` is an instant with offset, or a local time with `timezone`."""

    appointment_id: str
    starts_at: str
    made_by: Literal["client", "staff"]
    timezone: str | None = None
    order_id: str | None = None
    location: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentRescheduled(EventRecord):
    """An appointment was moved."""

    appointment_id: str
    starts_at: str
    timezone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentEdited(EventRecord):
    """Something other than the time of an appointment changed."""

    appointment_id: str
    order_id: str | None = None
    changes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentCancelled(EventRecord):
    """An appointment will not take place."""

    appointment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitEdited(EventRecord):
    """A visit was changed."""

    visit_id: str
    order_id: str | None = None
    changes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking(EventRecord):
    """A call centre's booking was created, cancelled or completed."""

    booking_id: str
    project: str
    starts_at: str
    calendar: str | None = None
    timezone: str | None = None
    booking: Mapping[str, object] | None = None
    customer: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRecorded(EventRecord):
    """An agent wrote down how a contact attempt ended."""

    project: str
    outcome: str
    final: bool
    attempt: int
    customer: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStarted(EventRecord):
    """A route left; `stops` are contact ids in order."""

    route_id: str
    stops: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStopAdded(EventRecord):
    """A stop joined a route."""

    route_id: str
    stop: str


RECORDS: dict[str, type[EventRecord]] = {
    "appointment.scheduled": AppointmentScheduled,
    "appointment.rescheduled": AppointmentRescheduled,
    "appointment.edited": AppointmentEdited,
    "appointment.cancelled": AppointmentCancelled,
    "visit.edited": VisitEdited,
    "booking.created": Booking,
    "booking.cancelled": Booking,
    "booking.completed": Booking,
    "outcome.recorded": OutcomeRecorded,
    "route.started": RouteStarted,
    "route.stop_added": RouteStopAdded,
}
