"""The tables of stage decide; their order in the stage is state on disk (append only)."""

from processors.effects import Table
from schemas.contact import Contact
from schemas.places import Asked, Places, Queued
from schemas.state import (
    Alarm,
    Begun,
    Emission,
    FormerAddress,
    KnownBooking,
    KnownLogin,
    Parked,
    Parking,
    Plan,
    Roster,
    Said,
    Seen,
    TenantSettings,
    Thread,
)

SEEN = Table(name="seen", holds=Seen)
CONTACTS = Table(name="contacts", holds=Contact)
TENANTS = Table(name="tenants", holds=TenantSettings)
THREADS = Table(name="threads", holds=Thread)
PLANS = Table(name="plans", holds=Plan)
TIMERS = Table(name="timers", holds=Alarm)
PARKED = Table(name="parked", holds=Parked)
PARKING = Table(name="parking", holds=Parking)
LOGINS = Table(name="logins", holds=KnownLogin)
SAID = Table(name="said", holds=Said)
EMISSIONS = Table(name="emissions", holds=Emission)
ROSTERS = Table(name="rosters", holds=Roster)
AWAITING = Table(name="awaiting", holds=Parked)
BEGUN = Table(name="begun", holds=Begun)
BOOKINGS = Table(name="bookings", holds=KnownBooking)
PLACES = Table(name="places", holds=Places)
"""recipient and category → the places of an allowance that are taken."""
ASKED = Table(name="asked", holds=Asked)
QUEUED = Table(name="queued", holds=Queued)
"""recipient, category, when it came, and message id → a message that waits for a place that may come free."""
FORMER_ADDRESSES = Table(name="former_addresses", holds=FormerAddress)
"""contact and address → until when something may still be held there."""
