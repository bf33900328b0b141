"""Events in CloudEvents' structured mode: JSON with the attributes and `data` side by side.

Nearly every event is sound, and read straight; only one that is not is gone over again, slowly, to say what is wrong.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from schemas.envelope import Actor, Event
from schemas.envelope_reading import (
    ATTRIBUTES,
    EXTENSIONS,
    REMEMBERED,
    SPECVERSION,
    checked_identity,
    checked_record,
    checked_subject,
    checked_tenant,
    complete,
    read_attributes,
)
from schemas.event_data import data_from_plain
from schemas.events.checks import has_faults
from schemas.faults import Fault, Refused, told
from schemas.near import unknown
from schemas.validation import parse_checked
from schemas.values import event_time_from_text
from schemas.words import ActorKind

_KNOWN = ATTRIBUTES | EXTENSIONS
_KEYS_OF_USUAL_ACTOR = frozenset({"kind", "id"})
_type_of = lru_cache(REMEMBERED)(checked_record)
_tenant_of = lru_cache(REMEMBERED)(checked_tenant)
_source_of = lru_cache(REMEMBERED)(checked_identity)


def structured_event(plain: Mapping[str, object]) -> Event:
    """The event that a mapping says, which `check_json` has let through; raises Refused with all faults."""
    return sound_event(plain) or examined_event(plain)


def sound_event(plain: Mapping[str, Any]) -> Event | None:
    """The event, unless anything at all is out of the ordinary."""
    if not plain.keys() <= _KNOWN or plain.get("specversion", SPECVERSION) != SPECVERSION:
        return None
    try:
        identity, subject, time = plain["id"], plain.get("subject", ""), plain["time"]
        if not (type(identity) is type(subject) is type(time) is str):
            return None
        event_type, record = _type_of(plain["type"])
        data = data_from_plain(record, plain["data"])
        if has_faults(event_type, checked_subject(subject), data):
            return None
        return Event(
            id=checked_identity(identity),
            type=event_type,
            tenant=_tenant_of(plain["tenant"]),
            time=event_time_from_text(time),
            data=data,
            source=_source_of(plain.get("source", "/")),
            subject=subject,
            actor=_actor_of(plain["actor"]) if "actor" in plain else Actor(),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def examined_event(plain: Mapping[str, object]) -> Event:
    """The same for any mapping, with everything that is wrong with it."""
    left = sorted(_KNOWN - plain.keys())
    faults = told(Fault(path=name, reason=unknown(name, left)) for name in plain if name not in _KNOWN)
    attributes = read_attributes(plain, faults)
    record = None
    if "data" not in plain:
        faults.append(Fault(path="data", reason="is missing"))
    elif attributes.record is not None:
        try:
            record = data_from_plain(attributes.record, plain["data"])
        except Refused as refused:
            faults += refused.faults
    return complete(attributes, record, faults)


def _actor_of(plain: Mapping[str, Any]) -> Actor:
    if plain.keys() == _KEYS_OF_USUAL_ACTOR and type(plain["id"]) is str:
        return _usual_actor(plain["kind"], plain["id"])
    return parse_checked(Actor, plain, "actor")


@lru_cache(REMEMBERED)
def _usual_actor(kind: str, identity: str) -> Actor:
    return Actor(kind=ActorKind(kind), id=identity)
