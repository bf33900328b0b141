"""The built-in kinds, one file each: a module of this package that defines `KIND` is a kind, with no list to edit."""

import importlib
import pkgutil
from collections.abc import Iterable

from processors.kind import Batch, Kind, Thread


def _found() -> dict[str, Kind]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    kinds = [importlib.import_module(f"{__name__}.{name}").KIND for name in names]
    return {kind.name: kind for kind in kinds}


KINDS: dict[str, Kind] = _found()
"""Name → kind."""


def by_event(kinds: Iterable[Kind]) -> dict[str, tuple[Kind, ...]]:
    """Event type → those of these kinds that it may cause, in their order."""
    found: dict[str, list[Kind]] = {}
    for kind in kinds:
        for event_type in dict.fromkeys(kind.on):
            found.setdefault(event_type, []).append(kind)
    return {event_type: tuple(answering) for event_type, answering in found.items()}


BY_EVENT: dict[str, tuple[Kind, ...]] = by_event(KINDS.values())
"""Event type → the kinds it may cause."""

_RULES_ONLY = (
    Thread(field="booking_id", opened_by=("booking.created", "booking.rebooked"), ended_by=("booking.cancelled",)),
    Thread(of="placed order", field="order_id", opened_by=("order.placed",), ended_by=("order.deleted",)),
)
"""Threads that no built-in kind has: what tenants' rules scheduled is dropped by their ends."""

THREADS: dict[str, Thread] = {
    event_type: thread
    for thread in (*(kind.thread for kind in KINDS.values() if kind.thread), *_RULES_ONLY)
    for event_type in thread.event_types
}
"""Event type → the thread it belongs to."""

BATCHES: dict[str, Batch] = {
    kind.audience.listed_by: kind.audience for kind in KINDS.values() if isinstance(kind.audience, Batch)
}
"""Event type → the batches whose contacts it lists."""
