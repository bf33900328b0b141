"""A record as it stands on Kafka: events in CloudEvents' binary or structured mode, all else as a framed record."""

from collections.abc import Mapping
from typing import NamedTuple

from schemas import codec
from schemas.binary_mode import STRUCTURED, Headers, content_type, examined_event, headers_of, sound_event
from schemas.clock import rfc3339
from schemas.envelope import Event
from schemas.envelope_reading import SPECVERSION
from schemas.event_data import data_to_plain
from schemas.faults import Fault, Refused, Unreadable
from schemas.json_text import check_json, json_from_text
from schemas.origin import origin_of
from schemas.structured_mode import structured_event
from schemas.topics import Topic
from schemas.validation import to_plain


class Encoded(NamedTuple):
    """The value and headers of one Kafka record; a tuple, for it is made often."""

    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


def encode(record: object) -> Encoded:
    """The Kafka form of an event, or of any record of the catalogue."""
    if not isinstance(record, Event):
        return Encoded(codec.encode(record))
    return Encoded(codec.encode(record.data), headers_of(record))


def decode(topic: Topic, key: bytes | None, value: bytes | None, headers: Headers) -> object:
    """The record of one Kafka record; raises Unreadable with what is wrong, and whose it was as far as one can tell."""
    if value is None:
        raise Unreadable(Fault(path="", reason=f"has no value, which means nothing on topic {topic.name}"))
    if topic.carries_events and (topic.records == (Event,) or _is_event(headers)):
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
        of = origin_of(record)
        raise Unreadable(Fault(path="", reason=reason), tenant=of.tenant, type=of.type, event_id=of.event_id)
    return record


def event_from_json(text: bytes | str) -> Event:
    """The event that structured JSON says; raises Refused with all faults."""
    plain = json_from_text(text)
    if not isinstance(plain, dict):
        raise Refused(Fault(path="", reason="must be a JSON object, the event"))
    return structured_event(plain)


def event_from_mapping(mapping: Mapping[str, object]) -> Event:
    """The event that a mapping of structured JSON's shape says; raises Refused with all faults."""
    check_json(mapping)
    return structured_event(mapping)


def event_to_json(event: Event) -> dict[str, object]:
    """The structured JSON of an event."""
    plain: dict[str, object] = {
        "specversion": SPECVERSION,
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "time": rfc3339(event.time),
        "tenant": event.tenant,
    }
    if event.subject:
        plain["subject"] = event.subject
    return {**plain, "actor": to_plain(event.actor), "data": data_to_plain(event.data)}


def _is_event(headers: Headers) -> bool:
    """Whether a record is an event, in either mode, where framed records without headers travel too."""
    return any(name == "content-type" or name.startswith("ce_") for name, _ in headers)


def _event(value: bytes, headers: Headers) -> Event:
    """Nearly every event is sound and in binary mode; only one that is not is gone over again, slowly."""
    sound = sound_event(value, headers)
    if sound is not None:
        return sound
    if any(name == "content-type" and content_type(content) == STRUCTURED for name, content in headers):
        return event_from_json(value)
    return examined_event(value, headers)
