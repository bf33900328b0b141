"""A record as it stands on Kafka: events in CloudEvents' binary or structured mode, all else as a framed record.

CloudEvents Kafka binding 1.0: attributes are `ce_*` headers in UTF-8, `data` is the value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from schemas import codec
from schemas.envelope import Actor, Event
from schemas.envelope_reading import ATTRIBUTES, EXTENSIONS, Attributes, data_of, read_attributes
from schemas.event_data import data_from_plain, data_to_plain
from schemas.events import EventRecord
from schemas.events.checks import data_faults, subject_faults
from schemas.faults import Fault, Refused, Unreadable
from schemas.json_text import check_json, json_from_text, json_to_text
from schemas.topics import Topic
from schemas.validation import instant_to_text, to_plain

STRUCTURED = b"application/cloudevents+json"
SPECVERSION = b"1.0"

Headers = Sequence[tuple[str, bytes | None]]
"""As Kafka has them: a header may have no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """The value and headers of one Kafka record."""

    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


def encode(record: object) -> Encoded:
    """The Kafka form of an event, or of any record of the catalogue."""
    if not isinstance(record, Event):
        return Encoded(value=codec.encode(record))
    headers = [
        ("ce_specversion", SPECVERSION),
        ("ce_id", record.id.encode()),
        ("ce_source", record.source.encode()),
        ("ce_type", record.type.encode()),
        ("ce_time", instant_to_text(record.time).encode()),
        ("ce_tenant", record.tenant.encode()),
        ("ce_actor", _actor_to_bytes(record.actor)),
    ]
    if record.subject:
        headers.append(("ce_subject", record.subject.encode()))
    return Encoded(value=codec.encode(record.data), headers=tuple(headers))


def decode(topic: Topic, key: bytes | None, value: bytes | None, headers: Headers) -> object:
    """The record of one Kafka record; raises Unreadable with what is wrong, and whose it was as far as one can tell."""
    if value is None:
        raise Unreadable(Fault(path="", reason=f"has no value, which means nothing on topic {topic.name}"))
    if topic.carries_events:
        try:
            return _event(value, headers)
        except Refused as refused:
            raise Unreadable(
                *refused.faults, tenant=refused.tenant, type=refused.type, event_id=refused.event_id
            ) from None
    record = codec.decode(value)
    if type(record) not in topic.records:
        carried = ", ".join(sorted(one.__name__ for one in topic.records))
        reason = f"holds a {type(record).__name__}, but topic {topic.name} carries {carried}"
        raise Unreadable(Fault(path="", reason=reason))
    return record


def event_from_json(text: bytes | str) -> Event:
    """The event that structured JSON says; raises Refused with all faults."""
    plain = json_from_text(text)
    if not isinstance(plain, dict):
        raise Refused(Fault(path="", reason="must be a JSON object, the event"))
    return _structured(plain)


def event_from_mapping(mapping: Mapping[str, object]) -> Event:
    """The event that a mapping of structured JSON's shape says; raises Refused with all faults."""
    check_json(mapping)
    return _structured(mapping)


def event_to_json(event: Event) -> dict[str, object]:
    """The structured JSON of an event."""
    plain: dict[str, object] = {
        "specversion": SPECVERSION.decode(),
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "time": instant_to_text(event.time),
        "tenant": event.tenant,
    }
    if event.subject:
        plain["subject"] = event.subject
    return {**plain, "actor": to_plain(event.actor), "data": data_to_plain(event.data)}


def _structured(plain: Mapping[str, object]) -> Event:
    faults = [Fault(path=name, reason="unknown key") for name in plain if name not in ATTRIBUTES | EXTENSIONS]
    attributes = read_attributes(plain, faults)
    record = None
    if "data" not in plain:
        faults.append(Fault(path="data", reason="is missing"))
    elif attributes.record is not None:
        try:
            record = data_from_plain(attributes.record, plain["data"])
        except Refused as refused:
            faults += refused.faults
    return _complete(attributes, record, faults)


def _event(value: bytes, headers: Headers) -> Event:
    given: dict[str, bytes] = {}
    faults: list[Fault] = []
    for name, content in headers:
        if content is None:
            continue
        if name in given and name.startswith("ce_"):
            faults.append(Fault(path=name[3:], reason=f"stands in two headers {name}"))
        given[name] = content
    media_type = given.get("content-type", b"").partition(b";")[0].strip().lower()
    if media_type == STRUCTURED:
        return event_from_json(value)
    attributes = read_attributes(_attributes(given, faults), faults)
    record = None
    if attributes.record is not None:
        try:
            if media_type == b"application/json":
                record = data_from_plain(attributes.record, json_from_text(value))
            else:
                record = data_of(attributes.record, codec.decode(value))
        except Refused as refused:
            faults += (_under_data(fault) for fault in refused.faults)
    return _complete(attributes, record, faults)


def _attributes(given: Mapping[str, bytes], faults: list[Fault]) -> dict[str, object]:
    """The `ce_*` headers as attributes; extensions that others added are left alone, as CloudEvents asks."""
    plain: dict[str, object] = {}
    for header, content in given.items():
        name = header[3:]
        if not header.startswith("ce_") or name not in ATTRIBUTES:
            continue
        try:
            plain[name] = _actor_from_bytes(content) if name == "actor" else content.decode()
        except UnicodeDecodeError:
            faults.append(Fault(path=name, reason=f"is not UTF-8: {content[:40]!r}"))
        except Refused as refused:
            faults += (Fault(path="actor", reason=fault.reason) for fault in refused.faults)
    return plain


def _complete(attributes: Attributes, record: EventRecord | None, faults: list[Fault]) -> Event:
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


def _under_data(fault: Fault) -> Fault:
    within = fault.path == "data" or fault.path.startswith("data.")
    return fault if within else Fault(path=f"data.{fault.path}" if fault.path else "data", reason=fault.reason)


@lru_cache(maxsize=4096)
def _actor_to_bytes(actor: Actor) -> bytes:
    return json_to_text(to_plain(actor)).encode()


@lru_cache(maxsize=4096)
def _actor_from_bytes(content: bytes) -> object:
    """The JSON of an actor: the same few write nearly all events, so their headers are read once."""
    return json_from_text(content)
