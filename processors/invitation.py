"""Invitations: an appointment or booking as an entry for the recipient's calendar; the only door to icalendar.

One appointment is one entry, whichever messages carry it: the UID comes from the tenant and the appointment alone. What
moves or cancels it comes later, and so has a greater SEQUENCE (RFC 5545, 3.8.7.4), which is the time of the event that
said so, in seconds. Calendars take what is newer and leave what is older, in whatever order mails arrive (RFC 5546).
"""

import base64
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parseaddr

from icalendar import Calendar, Event, vCalAddress

from processors.render import RenderError
from processors.timing import field_instant
from schemas.candidate import Candidate
from schemas.message import File
from schemas.reasons import Reason
from schemas.settings import Settings

THINGS: Mapping[str, str] = {
    "appointment.scheduled": "appointment_id",
    "appointment.rescheduled": "appointment_id",
    "appointment.cancelled": "appointment_id",
    "booking.created": "booking_id",
    "booking.rebooked": "booking_id",
    "booking.cancelled": "booking_id",
}
"""The events that an invitation can answer, and the field that names what is in the calendar."""
CANCELLING = frozenset({"appointment.cancelled", "booking.cancelled"})
NAME = "invitation.ics"
MEDIA_TYPE = "text/calendar"

_UIDS = uuid.UUID("3f0c8d3e-6a55-4d0f-9d0b-6f0f5a1c7a10")
"""The namespace of UIDs (RFC 9562, 6.6); another one would make every appointment a second entry."""
_SEQUENCES_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
"""Seconds since then fit the 31 bits of a SEQUENCE until 2088."""
_UNWANTED = re.compile(r'[\x00-\x1f\x7f-\x9f"]+')


def invitations(candidate: Candidate, text: str, from_: str, settings: Settings) -> tuple[File, ...]:
    """The entry that goes with a message, or takes one back; none for an event that is about no appointment.

    A rebooking makes a new entry and takes back the one before. Raises RenderError when nothing says when the
    appointment is.
    """
    cause = candidate.cause
    data = {**cause.data, **candidate.variables}
    field = THINGS.get(cause.type)
    if field is None or candidate.recipient.to is None:
        return ()
    cancels = cause.type in CANCELLING
    starts_at = field_instant(data, "starts_at", settings.timezone)
    if starts_at is None and not cancels:
        raise RenderError(Reason.MISSING_VARIABLE.of("starts_at"), {"missing": "starts_at"})
    base = _base(candidate, data, text, from_, settings)
    files = [_file(_entry(base, _uid(candidate.tenant, field, data[field]), starts_at, cancels=cancels), NAME)]
    previous = data.get("previous")
    if isinstance(previous, Mapping) and previous.get(field):
        gone = _entry(base, _uid(candidate.tenant, field, previous[field]), None, cancels=True)
        files.append(_file(gone, "cancellation.ics"))
    return tuple(files)


def _base(candidate: Candidate, data: Mapping[str, object], text: str, from_: str, settings: Settings) -> Event:
    """What an entry says besides which one it is and when."""
    cause, recipient = candidate.cause, candidate.recipient
    entry = Event()
    entry.add("sequence", max(0, int((cause.time - _SEQUENCES_BEGIN).total_seconds())))
    entry.add("dtstamp", cause.time.astimezone(UTC))
    title, location = data.get("title"), data.get("location")
    entry.add("summary", title if isinstance(title, str) and title else settings.name or candidate.tenant)
    if isinstance(location, str) and location:
        entry.add("location", location)
    entry.add("description", text)
    entry.add("organizer", _party(*parseaddr(settings.senders.reply_to or from_)))
    attendee = _party(recipient.name or "", recipient.to or "")
    # Nobody is asked to answer: the appointment is made.
    attendee.params |= {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}
    entry.add("attendee", attendee)
    return entry


def _entry(base: Event, uid: str, starts_at: datetime | None, *, cancels: bool) -> Event:
    entry: Event = base.copy(recursive=True)
    entry.add("uid", uid)
    if starts_at is not None:
        entry.add("dtstart", starts_at.astimezone(UTC))
    entry.add("status", "CANCELLED" if cancels else "CONFIRMED")
    return entry


def _uid(tenant: str, field: str, name: object) -> str:
    return str(uuid.uuid5(_UIDS, "\0".join((tenant, field, str(name)))))


def _file(entry: Event, name: str) -> File:
    calendar = Calendar()
    calendar.add("prodid", "-//Tidings//Tidings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if entry["status"] == "CANCELLED" else "REQUEST")
    calendar.add_component(entry)
    return File(name=name, media_type=MEDIA_TYPE, content=base64.b64encode(calendar.to_ical()).decode())


def _party(name: str, address: str) -> vCalAddress:
    party = vCalAddress(f"mailto:{address}")
    clean = _UNWANTED.sub(" ", name).strip()
    if clean:
        party.params["CN"] = clean
    return party
