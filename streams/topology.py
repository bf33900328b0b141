"""The topology as data: the stages in the order in which a message travels.

Every runner performs this very list: Faust on Kafka (`streams.worker`), and the in-memory runner on a virtual clock.
"""

from processors import reporting, status
from processors.credit import stage as credit
from processors.credit import tables as credit_tables
from processors.decide import stage as decide
from processors.decide import tables as decide_tables
from processors.dispatch import stage as dispatch
from processors.dispatch import tables as dispatch_tables
from schemas.topics import (
    AUDIENCE,
    CHARGES,
    CONSENT_CHANGES,
    EVENTS,
    MESSAGES,
    REPORTS,
    SETTINGS,
    STATUSES,
    TERMS,
    TICKS,
    USAGE,
)
from streams.stage import Stage as Stage  # noqa: PLC0414 - runners import it from here, too

DECIDE = Stage(
    name="decide",
    reads={EVENTS.name: decide.on_event, AUDIENCE.name: decide.on_audience, TICKS.name: decide.on_tick},
    tables=(
        decide_tables.SEEN,
        decide_tables.CONTACTS,
        decide_tables.TENANTS,
        decide_tables.THREADS,
        decide_tables.PLANS,
        decide_tables.TIMERS,
        decide_tables.PARKED,
        decide_tables.PARKING,
        decide_tables.LOGINS,
        decide_tables.SAID,
        decide_tables.EMISSIONS,
        decide_tables.ROSTERS,
        decide_tables.AWAITING,
        decide_tables.BEGUN,
        decide_tables.BOOKINGS,
        decide_tables.PLACES,
        decide_tables.ASKED,
        decide_tables.QUEUED,
        decide_tables.FORMER_ADDRESSES,
    ),
    shared=(SETTINGS.name,),
    timers=decide_tables.TIMERS,
)
DISPATCH = Stage(
    name="dispatch",
    reads={
        MESSAGES.name: dispatch.on_message,
        CONSENT_CHANGES.name: dispatch.on_consent_change,
        TICKS.name: dispatch.on_tick,
    },
    tables=(
        dispatch_tables.DISPATCHED,
        dispatch_tables.CONSENTS,
        dispatch_tables.HELD,
        dispatch_tables.TIMERS,
        dispatch_tables.TALLIES,
        dispatch_tables.COPIES,
        dispatch_tables.DIRECTORY,
        dispatch_tables.LAST_SENT,
    ),
    shared=(SETTINGS.name,),
    timers=dispatch_tables.TIMERS,
)
CREDIT = Stage(
    name="credit",
    reads={
        CHARGES.name: credit.on_charge,
        TERMS.name: credit.on_terms,
        USAGE.name: credit.on_usage,
        TICKS.name: credit.on_tick,
    },
    tables=(
        credit_tables.PURSES,
        credit_tables.UNPAID,
        credit_tables.TIMERS,
        credit_tables.PAID,
        credit_tables.SPENT,
        credit_tables.TAKEN,
        credit_tables.MONTH_ENTRIES,
        credit_tables.BLOCK_ENTRIES,
        credit_tables.INVOICED_MONTHS,
        credit_tables.BLOCK_ACCOUNTS,
        credit_tables.BLOCK_USES,
        credit_tables.RELEASED,
    ),
    timers=credit_tables.TIMERS,
)
SETTLE = Stage(
    name="settle",
    reads={STATUSES.name: status.on_status, REPORTS.name: reporting.on_report},
    tables=(reporting.FOLDED, reporting.WHEREABOUTS),
)
TOPOLOGY = (DECIDE, DISPATCH, CREDIT, SETTLE)
"""The stages in the order in which a message travels; gateways stand between the last two."""
