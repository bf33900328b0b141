"""The client is reminded of an appointment, by email and by text, each so many hours before."""

from processors.kind import HoursBefore, Kind, Switch, Thread
from schemas.kind_settings import AppointmentReminderSettings
from schemas.words import Channel, InDoubt

KIND = Kind(
    name="appointment_reminder",
    on=("appointment.scheduled", "appointment.rescheduled"),
    settings=AppointmentReminderSettings,
    switches=(Switch(key="send_confirmation_email", of="order_confirmation"),),
    channels={
        Channel.EMAIL: HoursBefore(setting="email_hours_before"),
        Channel.SMS: HoursBefore(setting="sms_hours_before"),
    },
    thread=Thread(
        field="appointment_id",
        opened_by=("appointment.scheduled",),
        moved_by=("appointment.rescheduled",),
        ended_by=("appointment.cancelled",),
    ),
    useful_until="starts_at",
    number="primary",
    in_doubt=InDoubt.WAIT_THEN_RESEND,
)
