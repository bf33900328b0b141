"""The client is reminded of an invoice that was not paid in time, until it is paid or voided."""

from processors.kind import DaysAfter, Kind, Thread
from schemas.kind_settings import OverdueSettings
from schemas.words import Channel, InDoubt

AFTER_DUE = DaysAfter(setting="days", of="due_on", at="at")

KIND = Kind(
    name="invoice_overdue",
    on=("invoice.issued",),
    settings=OverdueSettings,
    channels={Channel.EMAIL: AFTER_DUE, Channel.SMS: AFTER_DUE},
    thread=Thread(
        of="invoice",
        field="number",
        opened_by=("invoice.issued",),
        ended_by=("invoice.paid", "invoice.voided"),
    ),
    asks_for_reminders=True,
    asks_for_boxes=True,
    in_doubt=InDoubt.WAIT_THEN_RESEND,
)
