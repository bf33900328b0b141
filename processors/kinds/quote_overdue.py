"""The client is reminded of a quote that was not answered in time, until it is approved or declined."""

from processors.kind import DaysAfter, Kind, Thread
from schemas.kind_settings import OverdueSettings
from schemas.words import Channel, InDoubt

AFTER_DUE = DaysAfter(setting="days", of="due_on", at="at")

KIND = Kind(
    name="quote_overdue",
    on=("quote.sent",),
    settings=OverdueSettings,
    channels={Channel.EMAIL: AFTER_DUE, Channel.SMS: AFTER_DUE},
    thread=Thread(
        of="quote",
        field="number",
        opened_by=("quote.sent",),
        ended_by=("quote.approved", "quote.declined"),
    ),
    asks_for_reminders=True,
    asks_for_boxes=True,
    in_doubt=InDoubt.WAIT_THEN_RESEND,
)
