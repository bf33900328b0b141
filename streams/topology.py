"""The topology as data: the stages in the order in which a message travels.

Every runner performs this very list: Faust on Kafka (`streams.worker`), and the in-memory runner on a virtual clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from processors import status
from processors.decide import stage as decide
from processors.decide import tables as decide_tables
from processors.dispatch import stage as dispatch
from processors.dispatch import tables as dispatch_tables
from processors.effects import Function, Table
from schemas.topics import AUDIENCE, CONSENT_CHANGES, EVENTS, MESSAGES, SETTINGS, STATUSES, TICKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One keyed state machine: what it reads and with which function, what it keeps, what it joins in full.

    `tables` are prefixes inside the stage's one store: append only, never reorder. `timers` names the table whose keys
    begin with a due time (`processors.timers`), so that a runner can tell when something is due.
    """

    name: str
    reads: Mapping[str, Function]
    tables: tuple[Table[object], ...]
    shared: tuple[str, ...] = ()
    timers: Table[object] | None = None


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
    tables=(dispatch_tables.DISPATCHED, dispatch_tables.CONSENTS, dispatch_tables.HELD, dispatch_tables.TIMERS),
    shared=(SETTINGS.name,),
    timers=dispatch_tables.TIMERS,
)
SETTLE = Stage(
    name="settle",
    reads={STATUSES.name: status.on_status},
    tables=(status.FOLDED,),
    shared=(SETTINGS.name,),
)
TOPOLOGY = (DECIDE, DISPATCH, SETTLE)
"""The stages in the order in which a message travels; gateways stand between the last two."""
