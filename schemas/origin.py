"""Whose record it was that became a dead letter: its tenant, and the event that it comes from (contract section 10)."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.envelope import Event
from schemas.faults import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The tenant, and the type and id of the event; each as far as it could be read."""

    tenant: str | None = None
    type: str | None = None
    event_id: str | None = None


def origin_of(value: object) -> Origin:
    """Of an event, of anything that carries or names the event it comes from, or of what could not be read.

    Orders and what follows from them name their event by its id alone.
    """
    if isinstance(value, Event):
        return Origin(tenant=value.tenant, type=value.type, event_id=value.id)
    if isinstance(value, Refused):
        return Origin(tenant=value.tenant, type=value.type, event_id=value.event_id)
    for within in ("candidate", "message", "decision"):
        if _is_wrapped(inner := getattr(value, within, None)):
            return origin_of(inner)
    return _named_by(value)


def _is_wrapped(inner: object) -> bool:
    return getattr(inner, "tenant", None) is not None


def _named_by(value: object) -> Origin:
    cause, event = getattr(value, "cause", None), getattr(value, "event", None)
    if isinstance(event, Mapping):
        return Origin(tenant=event.get("tenant"), type=event.get("type"), event_id=event.get("id"))
    return Origin(
        tenant=getattr(value, "tenant", None),
        type=getattr(cause or value, "type", None),
        event_id=getattr(cause or value, "event_id", None),
    )
