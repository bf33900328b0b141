"""The attributes of an event's envelope, read one by one so that each fault is named (contract section 1)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from schemas.envelope import Actor, Event
from schemas.event_data import record_class
from schemas.events import EventRecord
from schemas.events.checks import data_faults, subject_faults
from schemas.faults import Fault, Refused
from schemas.validation import parse, shown_value
from schemas.values import event_time_from_text

ATTRIBUTES = frozenset({"id", "source", "type", "tenant", "subject", "time", "actor", "data", "specversion"})
EXTENSIONS = frozenset({"datacontenttype", "dataschema", "traceparent", "tracestate"})
"""Attributes of CloudEvents and its extensions that are accepted in structured JSON and have no meaning here."""

SPECVERSION = "1.0"
REMEMBERED = 4096
"""Types, tenants, sources and actors are few and come again and again: they are read once."""

MAX_TENANT = 100
MAX_ID = 200

_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_TENANT = re.compile(r"[^|\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What could be read; None where there was a fault."""

    id: str | None
    event_type: str | None
    tenant: str | None
    time: datetime | None
    source: str | None
    subject: str | None
    actor: Actor | None
    record: type[EventRecord] | None

    def whole(self) -> tuple[str, str, str, datetime, str, str, Actor] | None:
        """All attributes of the event, unless one is not there."""
        if self.id is None or self.event_type is None or self.tenant is None or self.time is None:
            return None
        if self.source is None or self.subject is None or self.actor is None:
            return None
        return self.id, self.event_type, self.tenant, self.time, self.source, self.subject, self.actor


def read_attributes(plain: Mapping[str, object], faults: list[Fault]) -> Attributes:
    """The attributes of an event; what is wrong is added to `faults`."""

    def read(name: str, check: Callable[[str], str], default: str | None = None) -> str | None:
        value = plain.get(name, default)
        try:
            if value is None and name not in plain:
                raise ValueError("is missing")
            if not isinstance(value, str):
                raise ValueError(f"must be text, not {shown_value(value)}")
            return check(value)
        except ValueError as error:
            faults.append(Fault(path=name, reason=str(error)))
            return None

    read("specversion", _specversion, SPECVERSION)
    event_type = read("type", checked_type)
    time_text = read("time", str)
    return Attributes(
        id=read("id", checked_identity),
        event_type=event_type,
        tenant=read("tenant", checked_tenant),
        time=None if time_text is None else _time(time_text, faults),
        source=read("source", checked_identity, "/"),
        subject=read("subject", checked_subject, ""),
        actor=_actor(plain.get("actor", _NO_ACTOR), faults),
        record=None if event_type is None else _record(event_type, faults),
    )


def data_of(expected: type[EventRecord], record: object) -> EventRecord:
    """The decoded value, if it is the record of the event's type."""
    if not isinstance(record, expected):
        reason = f"holds a {type(record).__name__}, but the event's type needs a {expected.__name__}"
        raise Refused(Fault(path="data", reason=reason))
    return record


def complete(attributes: Attributes, record: EventRecord | None, faults: list[Fault]) -> Event:
    """The event, if nothing is wrong so far nor with the whole of it; raises Refused with all faults otherwise."""
    if attributes.event_type is not None and attributes.subject is not None and attributes.record is not None:
        faults += subject_faults(attributes.event_type, attributes.subject, record)
    if attributes.event_type is not None and record is not None:
        faults += data_faults(attributes.event_type, record)
    whole = attributes.whole()
    if faults or whole is None or record is None:
        raise Refused(*faults, tenant=attributes.tenant, type=attributes.event_type, event_id=attributes.id)
    identity, event_type, tenant, time, source, subject, actor = whole
    return Event(
        id=identity, type=event_type, tenant=tenant, time=time, source=source, subject=subject, actor=actor, data=record
    )


_NO_ACTOR = object()


def _actor(plain: object, faults: list[Fault]) -> Actor | None:
    if plain is _NO_ACTOR:
        return Actor()
    try:
        return parse(Actor, plain, "actor")
    except Refused as refused:
        faults += refused.faults
        return None


def _record(event_type: str, faults: list[Fault]) -> type[EventRecord] | None:
    record = record_class(event_type)
    if record is None:
        faults.append(Fault(path="type", reason=_unknown_type(event_type)))
    return record


def _unknown_type(event_type: str) -> str:
    return f"is unknown: {event_type!r}; a type of one's own has two parts, such as item.ready"


def _time(text: str, faults: list[Fault]) -> datetime | None:
    try:
        return event_time_from_text(text)
    except ValueError as error:
        faults.append(Fault(path="time", reason=str(error)))
        return None


def _specversion(text: str) -> str:
    if text != SPECVERSION:
        raise ValueError(f"must be {SPECVERSION}, not {text!r}")
    return text


def checked_type(text: str) -> str:
    """The type, if it is well formed; ValueError otherwise, as below."""
    if len(text) > MAX_ID or not _TYPE.fullmatch(text):
        raise ValueError(f"must be words in lower case with dots, such as order.placed, not {shown_value(text)}")
    return text


def checked_record(text: str) -> tuple[str, type[EventRecord]]:
    """The type and its record, if there is one."""
    record = record_class(checked_type(text))
    if record is None:
        raise ValueError(_unknown_type(text))
    return text, record


def checked_tenant(text: str) -> str:
    """The tenant id, if it can be part of a key."""
    if len(text) > MAX_TENANT or not _TENANT.fullmatch(text):
        raise ValueError(
            f"must be 1 to {MAX_TENANT} characters, without | or control characters, not {shown_value(text)}"
        )
    return text


def checked_identity(text: str) -> str:
    """An id or source, if it is there and can be part of a key."""
    if not text:
        raise ValueError("must not be empty")
    return checked_subject(text)


def checked_subject(text: str) -> str:
    """A subject, if it can be part of a key; it may be empty."""
    if len(text) > MAX_ID or "\0" in text:
        raise ValueError(f"must be at most {MAX_ID} characters, without NUL, not {shown_value(text)}")
    return text
