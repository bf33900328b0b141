"""Invitations in mail: one entry a booking, newer ones win, and what is cancelled is taken back."""

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from icalendar import Calendar

from schemas.message import Message
from tests.unit.processors.world import APPOINTMENT, PANTRY, World
from tidings.preview_files import on_the_wire

APPOINTMENTS = ["appointment.scheduled", "appointment.rescheduled", "appointment.cancelled"]
RULE: dict[str, Any] = {
    "id": "entry",
    "on": APPOINTMENTS,
    "to": ["contact"],
    "channel": "email",
    "subject": "Your appointment",
    "text": "See you, {{ contact.first_name }}.",
    "invitation": True,
}
BOOKING: dict[str, Any] = {
    "booking_id": "b1",
    "project": "spring",
    "starts_at": "2026-06-10T09:00:00",
    "timezone": "UTC",
}


def office(**rule: Any) -> World:
    world = World(settings={**PANTRY, "kinds": {}, "rules": [{**RULE, **rule}]})
    assert world.refused == []
    world.ann()
    return world


def parsed(message: Message) -> EmailMessage:
    mail = message_from_bytes(on_the_wire(message), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def entry(message: Message) -> tuple[str, Any]:
    """The method and the one event of the calendar part, as a receiver reads them out of the mail."""
    [part] = [part for part in parsed(message).walk() if part.get_content_type() == "text/calendar"]
    calendar = Calendar.from_ical(part.get_content())
    [event] = calendar.walk("VEVENT")
    assert part.get_param("method") == calendar["METHOD"]
    return str(calendar["METHOD"]), event


def lived_through() -> list[Message]:
    """An appointment that is made, moved and cancelled."""
    world = office()
    world.happens(
        "appointment.scheduled", subject="c1", data={**APPOINTMENT, "title": "Pick-up; tea", "location": "Hall, 2"}
    )
    world.passes(minutes=1)
    world.happens(
        "appointment.rescheduled", subject="c1", data={"appointment_id": "a1", "starts_at": "2026-06-11T10:00:00Z"}
    )
    world.passes(minutes=1)
    world.happens("appointment.cancelled", subject="c1", data={"appointment_id": "a1"})
    return world.messages


def test_an_appointment_is_one_entry_that_is_made_moved_and_cancelled() -> None:
    made, moved, cancelled = map(entry, lived_through())
    assert [made[0], moved[0], cancelled[0]] == ["REQUEST", "REQUEST", "CANCEL"]
    assert made[1]["UID"] == moved[1]["UID"] == cancelled[1]["UID"]
    assert made[1]["SEQUENCE"] < moved[1]["SEQUENCE"] < cancelled[1]["SEQUENCE"] < 2**31
    starts = [each[1].decoded("DTSTART").isoformat() for each in (made, moved)]
    assert starts == ["2026-06-10T19:00:00+00:00", "2026-06-11T10:00:00+00:00"]
    assert (made[1]["STATUS"], cancelled[1]["STATUS"]) == ("CONFIRMED", "CANCELLED")


def test_the_entry_says_what_where_and_who() -> None:
    event = entry(lived_through()[0])[1]
    assert (event["SUMMARY"], event["LOCATION"], event["DESCRIPTION"]) == ("Pick-up; tea", "Hall, 2", "See you, Ann.")
    assert (event["ORGANIZER"], event["ORGANIZER"].params["CN"]) == ("mailto:hello@pantry.example", "Riverside")
    assert (event["ATTENDEE"], event["ATTENDEE"].params["CN"]) == ("mailto:ann@example.org", "Ann Lee")
    assert (event["ATTENDEE"].params["RSVP"], event["ATTENDEE"].params["PARTSTAT"]) == ("FALSE", "ACCEPTED")


def test_it_stands_beside_the_words_in_the_mail() -> None:
    mail = parsed(lived_through()[0])
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/calendar"]


def test_the_same_event_makes_the_same_bytes() -> None:
    first, again = lived_through(), lived_through()
    assert [message.attachments for message in first] == [message.attachments for message in again]


def test_another_appointment_tenant_or_sort_is_another_entry() -> None:
    world = office(on=["appointment.scheduled", "booking.created"])
    world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
    world.happens("appointment.scheduled", subject="c1", data={**APPOINTMENT, "appointment_id": "a2"})
    world.happens("booking.created", subject="c1", data={**BOOKING, "booking_id": "a1"})
    assert len({entry(message)[1]["UID"] for message in world.messages}) == 3


def test_a_local_time_is_read_in_its_zone() -> None:
    world = office(on=["booking.created"])
    world.happens("booking.created", subject="c1", data={**BOOKING, "timezone": "Europe/Stockholm"})
    [message] = world.messages
    assert entry(message)[1].decoded("DTSTART").isoformat() == "2026-06-10T07:00:00+00:00"


def test_a_reminder_repeats_the_entry_as_it_is_now() -> None:
    world = office(on=["appointment.scheduled"], timing={"hours_before": 24})
    world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
    world.passes(minutes=1)
    world.happens(
        "appointment.rescheduled", subject="c1", data={"appointment_id": "a1", "starts_at": "2026-06-11T10:00:00Z"}
    )
    world.passes(days=14)
    [message] = world.messages
    method, event = entry(message)
    assert (method, event.decoded("DTSTART").isoformat()) == ("REQUEST", "2026-06-11T10:00:00+00:00")
    assert event["SEQUENCE"] == entry(lived_through()[1])[1]["SEQUENCE"]


def test_a_rebooking_makes_a_new_entry_and_takes_back_the_old() -> None:
    silent = {**RULE, "id": "silent", "on": ["booking.cancelled"], "rebooking_interval": "PT10M", "invitation": False}
    world = World(settings={**PANTRY, "rules": [{**RULE, "on": ["booking.rebooked"]}, silent]})
    world.ann()
    made = office(on=["booking.created"])
    for each in (world, made):
        each.happens("booking.created", subject="c1", data=BOOKING)
    world.passes(hours=1)
    world.happens("booking.cancelled", subject="c1", data=BOOKING)
    world.passes(minutes=1)
    world.happens(
        "booking.created", subject="c1", data={**BOOKING, "booking_id": "b2", "starts_at": "2026-06-12T09:00:00"}
    )
    world.passes(hours=1)
    [message] = world.messages
    calendars = [Calendar.from_ical(base64.b64decode(file.content)) for file in message.attachments]
    assert [str(each["METHOD"]) for each in calendars] == ["REQUEST", "CANCEL"]
    [old] = calendars[1].walk("VEVENT")
    [first] = made.messages
    assert old["UID"] == entry(first)[1]["UID"]


@pytest.mark.parametrize("hostile", ["Ann\r\nMETHOD:CANCEL", 'A"B;X=1:mailto:x@example.org', "\x85Ann\x9f", "a" * 500])
def test_names_and_titles_cannot_add_lines(hostile: str) -> None:
    world = office(on=["appointment.scheduled"])
    world.ann(name=hostile)
    world.happens("appointment.scheduled", subject="c1", data={**APPOINTMENT, "title": hostile, "location": hostile})
    [message] = world.messages
    method, event = entry(message)
    assert (method, event["ATTENDEE"]) == ("REQUEST", "mailto:ann@example.org")
    assert "METHOD" not in event


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"channel": "sms", "subject": None}, "invitation"),
        ({"on": ["order.placed"]}, "invitation"),
        ({"on": ["booking.created", "booking.completed"]}, "invitation"),
    ],
)
def test_only_mails_about_appointments_carry_one(change: dict[str, Any], path: str) -> None:
    world = World(settings={**PANTRY, "rules": [{**RULE, **change}]})
    assert [fault.path for letter in world.refused for fault in letter.faults] == [f"rules.0.{path}"]


def test_the_built_in_reminder_carries_one_when_asked() -> None:
    for asked, count in ((True, 1), (False, 0)):
        reminders = {"email_hours_before": 48, "sms_hours_before": 24, "invitation": asked}
        world = World(settings={**PANTRY, "kinds": {"appointment_reminder": reminders}})
        world.ann()
        world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
        world.passes(days=14)
        assert sorted(len(message.attachments) for message in world.messages) == [0, count]
