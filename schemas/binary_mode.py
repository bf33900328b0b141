"""An event in CloudEvents' binary mode (Kafka binding 1.0): attributes are `ce_*` headers, `data` is the value."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar, cast

from schemas import codec
from schemas.clock import rfc3339
from schemas.envelope import Actor, Event
from schemas.envelope_reading import (
    ATTRIBUTES,
    REMEMBERED,
    SPECVERSION,
    checked_identity,
    checked_record,
    checked_subject,
    checked_tenant,
    complete,
    data_of,
    read_attributes,
)
from schemas.event_data import data_from_plain
from schemas.events.checks import has_faults, holds_nul
from schemas.faults import Fault, Refused
from schemas.json_text import json_from_text, json_to_text, quoted
from schemas.shapes import shapes_of
from schemas.validation import to_plain
from schemas.values import event_time_from_text
from schemas.words import ActorKind

STRUCTURED = "application/cloudevents+json"
JSON = "application/json"

Headers = Sequence[tuple[str, bytes | None]]
"""As Kafka has them: a header may have no value."""

_SPECVERSION = SPECVERSION.encode()
_ACTOR_KEYS = frozenset(field.wire_name for field in shapes_of(Actor))

_USUAL_ACTOR = re.compile(rb'\{"kind":"([a-z]+)"(?:,"id":"([^"\\\x00-\x1f]*)")?(?:,"roles":\[\])?\}')
"""An actor as `headers_of` writes it, without name, roles and escapes: reading that costs a tenth of reading JSON."""

T = TypeVar("T")


def _of_header(check: Callable[[str], T]) -> Callable[[bytes], T]:
    """What a header says, once it is checked."""
    return lru_cache(REMEMBERED)(lambda header: check(header.decode()))


_type_of = _of_header(checked_record)
_tenant_of = _of_header(checked_tenant)
_source_of = _of_header(checked_identity)


def headers_of(event: Event) -> tuple[tuple[str, bytes], ...]:
    """The attributes of an event as headers."""
    headers = (
        ("ce_specversion", _SPECVERSION),
        ("ce_id", event.id.encode()),
        ("ce_source", event.source.encode()),
        ("ce_type", event.type.encode()),
        ("ce_time", rfc3339(event.time).encode()),
        ("ce_tenant", event.tenant.encode()),
        ("ce_actor", _actor_to_bytes(event.actor)),
    )
    return (*headers, ("ce_subject", event.subject.encode())) if event.subject else headers


def content_type(header: bytes | None) -> str:
    """The media type that a header says, without parameters."""
    return (header or b"").partition(b";")[0].strip().lower().decode(errors="replace")


def sound_event(value: bytes, headers: Headers) -> Event | None:
    """The event of one record, unless anything at all is out of the ordinary."""
    given = dict(cast(Sequence[tuple[str, bytes]], headers))
    version = given.get("ce_specversion", _SPECVERSION)
    if len(given) != len(headers) or "content-type" in given or version != _SPECVERSION:
        return None
    try:
        event_type, record = _type_of(given["ce_type"])
        subject = checked_subject(given.get("ce_subject", b"").decode())
        data = codec.decode(value)
        if not isinstance(data, record) or holds_nul(data) or has_faults(event_type, subject, data):
            return None
        return Event(
            id=checked_identity(given["ce_id"].decode()),
            type=event_type,
            tenant=_tenant_of(given["ce_tenant"]),
            time=event_time_from_text(given["ce_time"].decode()),
            data=data,
            source=_source_of(given.get("ce_source", b"/")),
            subject=subject,
            actor=_actor_of(given["ce_actor"]) if "ce_actor" in given else Actor(),
        )
    except (AttributeError, KeyError, TypeError, ValueError):  # a header that has no value is None
        return None


def examined_event(value: bytes, headers: Headers) -> Event:
    """The event of one record; raises Refused with everything that is wrong with it."""
    given: dict[str, bytes] = {}
    faults: list[Fault] = []
    for name, content in headers:
        if content is None:
            continue
        if name in given and name.startswith("ce_"):
            faults.append(Fault(path=name[3:], reason=f"stands in two headers {name}"))
        given[name] = content
    attributes = read_attributes(_attributes(given, faults), faults)
    record = None
    if attributes.record is not None:
        try:
            if content_type(given.get("content-type")) == JSON:
                record = data_from_plain(attributes.record, json_from_text(value))
            else:
                record = data_of(attributes.record, codec.decode(value))
        except Refused as refused:
            faults += (_under_data(fault) for fault in refused.faults)
    return complete(attributes, record, faults)


def _attributes(given: Mapping[str, bytes], faults: list[Fault]) -> dict[str, object]:
    """The `ce_*` headers as attributes; extensions that others added are left alone, as CloudEvents asks."""
    plain: dict[str, object] = {}
    for header, content in given.items():
        name = header[3:]
        if not header.startswith("ce_") or name not in ATTRIBUTES:
            continue
        try:
            plain[name] = json_from_text(content) if name == "actor" else content.decode()
        except UnicodeDecodeError:
            faults.append(Fault(path=name, reason=f"is not UTF-8: {content[:40]!r}"))
        except Refused as refused:
            faults += (Fault(path="actor", reason=fault.reason) for fault in refused.faults)
    return plain


def _under_data(fault: Fault) -> Fault:
    within = fault.path == "data" or fault.path.startswith("data.")
    return fault if within else Fault(path=f"data.{fault.path}" if fault.path else "data", reason=fault.reason)


@lru_cache(REMEMBERED)
def _actor_of(header: bytes) -> Actor:
    """The actor, if nothing is out of the ordinary; ValueError otherwise. Clients are many: most are read once."""
    usual = _USUAL_ACTOR.fullmatch(header)
    if usual is not None:
        kind, identity = usual.groups()
        return Actor(kind=ActorKind(kind.decode()), id=None if identity is None else identity.decode())
    plain = json_from_text(header)
    if not isinstance(plain, dict) or not plain.keys() <= _ACTOR_KEYS:
        raise ValueError(plain)
    kind, roles = plain.get("kind", ActorKind.SYSTEM.value), plain.get("roles", [])
    if not isinstance(kind, str) or not isinstance(roles, list):
        raise ValueError(plain)
    identity, name = plain.get("id"), plain.get("name")
    if not all(text is None or isinstance(text, str) for text in (identity, name)):
        raise ValueError(plain)
    if not all(isinstance(role, str) for role in roles):
        raise ValueError(plain)
    return Actor(kind=ActorKind(kind), id=identity, name=name, roles=tuple(roles))


def _actor_to_bytes(actor: Actor) -> bytes:
    if actor.name is not None or actor.roles:
        return _rare_actor_to_bytes(actor)
    identity = "" if actor.id is None else f',"id":{quoted(actor.id)}'
    return f'{{"kind":"{actor.kind}"{identity},"roles":[]}}'.encode()


@lru_cache(REMEMBERED)
def _rare_actor_to_bytes(actor: Actor) -> bytes:
    return json_to_text(to_plain(actor)).encode()
