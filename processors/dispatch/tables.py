"""The tables of stage dispatch; their order in the stage is state on disk (append only)."""

from processors.effects import Table
from schemas.consent import Consent
from schemas.state import Alarm, Counted, Dispatched, FirstCopy, Held, LastSent, Listing

DISPATCHED = Table(name="dispatched", holds=Dispatched)
CONSENTS = Table(name="consents", holds=Consent)
HELD = Table(name="held", holds=Held)
TIMERS = Table(name="timers", holds=Alarm)
TALLIES = Table(name="tallies", holds=Counted)
"""Not used any more; it keeps its place on disk. What caps count is kept in stage decide."""
COPIES = Table(name="copies", holds=FirstCopy)
DIRECTORY = Table(name="directory", holds=Listing)
LAST_SENT = Table(name="last_sent", holds=LastSent)
