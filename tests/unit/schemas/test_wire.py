"""The wire: events in both modes of CloudEvents, and the fault that each broken one is given."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec, wire
from schemas.envelope import Actor, Event
from schemas.events import FreeRecord
from schemas.events.bookings import AppointmentCancelled, AppointmentScheduled
from schemas.events.campaigns import Audience, CampaignCreated
from schemas.events.documents import CreditsPurchased
from schemas.events.orders import Item, Order
from schemas.faults import Refused, Unreadable
from schemas.json_text import json_to_text
from schemas.structured_mode import examined_event, sound_event
from schemas.topics import BY_NAME
from schemas.validation import to_plain
from schemas.words import ActorKind

EVENTS = BY_NAME["events"]
SCHEDULED: dict[str, Any] = {
    "id": "e1",
    "source": "/desk",
    "type": "appointment.scheduled",
    "tenant": "pantry",
    "subject": "c1",
    "time": "2026-03-28T09:30:00+01:00",
    "actor": {"kind": "staff", "id": "s1", "roles": ["admin"]},
    "data": {"appointment_id": "a1", "starts_at": "2026-04-02T15:00:00-04:00", "made_by": "staff"},
}
EVENT = Event(
    id="e1",
    source="/desk",
    type="appointment.scheduled",
    tenant="pantry",
    subject="c1",
    time=datetime(2026, 3, 28, 8, 30, tzinfo=UTC),
    actor=Actor(kind=ActorKind.STAFF, id="s1", roles=("admin",)),
    data=AppointmentScheduled(appointment_id="a1", starts_at="2026-04-02T15:00:00-04:00", made_by="staff"),
)


def faults(*, without: str | None = None, **changes: object) -> list[str]:
    """What is wrong with the sound event after these changes."""
    plain = {key: value for key, value in {**SCHEDULED, **changes}.items() if key != without}
    with pytest.raises(Refused) as caught:
        wire.event_from_json(json.dumps(plain))
    with pytest.raises(Refused) as again:
        wire.event_from_mapping(plain)
    assert list(map(str, again.value.faults)) == list(map(str, caught.value.faults))
    return list(map(str, caught.value.faults))


def test_an_event_is_read_from_structured_json() -> None:
    assert wire.event_from_json(json.dumps(SCHEDULED)) == EVENT
    assert wire.event_from_mapping(wire.event_to_json(EVENT)) == EVENT


def test_what_may_be_left_out_has_its_default() -> None:
    event = wire.event_from_mapping({key: SCHEDULED[key] for key in SCHEDULED if key not in ("source", "actor")})
    assert (event.source, event.actor) == ("/", Actor(kind=ActorKind.SYSTEM))


def test_attributes_of_cloudevents_that_mean_nothing_here_are_accepted() -> None:
    extra = {"specversion": "1.0", "datacontenttype": "application/json", "dataschema": "x", "traceparent": "y"}
    assert wire.event_from_mapping({**SCHEDULED, **extra}) == EVENT


@pytest.mark.parametrize("name", ["id", "type", "tenant", "time", "data"])
def test_a_mandatory_attribute_that_is_missing_is_named(name: str) -> None:
    assert faults(without=name) == [f"{name}: is missing"]


DATA = SCHEDULED["data"]
ENVELOPE_FAULTS: dict[str, tuple[dict[str, object], str]] = {
    "unknown attribute": ({"flavour": "x"}, "flavour: unknown key"),
    "id of no text": ({"id": 7}, "id: must be text, not 7"),
    "empty id": ({"id": ""}, "id: must not be empty"),
    "tenant with a bar": (
        {"tenant": "a|b"},
        'tenant: must be 1 to 100 characters, without | or control characters, not "a|b"',
    ),
    "tenant too long": (
        {"tenant": "x" * 101},
        "tenant: must be 1 to 100 characters, without | or control characters, not",
    ),
    "subject too long": ({"subject": "x" * 201}, "subject: must be at most 200 characters, without NUL, not"),
    "type in capitals": ({"type": "Order.Placed"}, "type: must be words in lower case with dots"),
    "type of one word": ({"type": "order"}, "type: must be words in lower case with dots"),
    "unknown type of three": ({"type": "a.b.c"}, "type: is unknown: 'a.b.c'"),
    "time without offset": ({"time": "2026-03-28T09:30:00"}, "time: must be a time with an offset"),
    "time that does not exist": ({"time": "2026-02-30T09:30:00Z"}, "time: must be a time with an offset"),
    "time out of range": ({"time": "0001-01-01T00:00:00+10:00"}, "time: must be a time of the years 1 to 9999"),
    "time before computers": ({"time": "1969-12-31T23:59:59Z"}, "time: must be a time of the years 1970 to 8999"),
    "time of the last day": ({"time": "9999-12-31T23:59:59Z"}, "time: must be a time of the years 1970 to 8999"),
    "old CloudEvents": ({"specversion": "0.3"}, "specversion: must be 1.0, not '0.3'"),
    "actor of no kind": ({"actor": {"kind": "robot"}}, 'actor.kind: must be one of client, staff, system, not "robot"'),
    "actor with roles as text": ({"actor": {"roles": "admin"}}, 'actor.roles: must be a list, not "admin"'),
    "actor with unknown key": ({"actor": {"rolls": []}}, "actor.rolls: unknown key"),
    "no contact": ({"subject": ""}, "subject: is missing: appointment.scheduled needs the id of its contact"),
    "half a surrogate pair": ({"id": "\ud800"}, "id: is nothing that JSON can say"),
    "NUL": ({"id": "a\0b"}, "id: is nothing that JSON can say"),
}


@pytest.mark.parametrize(("changes", "expected"), ENVELOPE_FAULTS.values(), ids=ENVELOPE_FAULTS)
def test_a_broken_envelope_is_named(changes: dict[str, object], expected: str) -> None:
    found = faults(**changes)
    assert len(found) == 1
    assert found[0].startswith(expected)


DATA_FAULTS: dict[str, tuple[str, object, list[str]]] = {
    "missing and unknown": (
        "appointment.scheduled",
        {"appointment_id": "a1", "made_by": "staff", "start": "x"},
        ["data.start: unknown key; did you mean 'starts_at'?"],
    ),
    "not a map": ("appointment.cancelled", ["a1"], ['data: must be a map, not ["a1"]']),
    "inside a list": (
        "order.completed",
        {"order_id": "o1", "items": [{"name": "Rice", "quantity": "2"}]},
        ['data.items.0.quantity: must be a whole number, not "2"'],
    ),
    "local time without a zone": (
        "appointment.rescheduled",
        {"appointment_id": "a1", "starts_at": "2026-04-02T15:00:00"},
        ["data.starts_at: is a local time, '2026-04-02T15:00:00': add an offset or a timezone"],
    ),
    "no such zone": (
        "appointment.rescheduled",
        {"appointment_id": "a1", "starts_at": "2026-04-02T15:00:00", "timezone": "Mars/Olympus"},
        ["data.timezone: must be an IANA time zone such as Europe/Stockholm, not 'Mars/Olympus'"],
    ),
    "no time": (
        "booking.created",
        {"booking_id": "b1", "project": "p", "starts_at": "tomorrow"},
        ["data.starts_at: must be a time such as 2026-04-01T09:00:00, not 'tomorrow'"],
    ),
    "the end of the calendar": (
        "appointment.rescheduled",
        {"appointment_id": "a1", "starts_at": "9999-12-31T23:00:00Z"},
        ["data.starts_at: is not a time one can plan for: '9999-12-31T23:00:00Z'"],
    ),
    "a date that is none": (
        "invoice.issued",
        {"number": "1", "due_on": "2026-02-30", "amount": "1.00", "link": "x"},
        ["data.due_on: must be a date such as 2026-04-01, not '2026-02-30'"],
    ),
    "money as a number": (
        "payment.received",
        {"account": "1001", "amount": 12.5},
        ["data.amount: must be text, not 12.5"],
    ),
    "money without end": (
        "payment.received",
        {"account": "1001", "amount": "1E+999999"},
        ["data.amount: must be a decimal such as \"12.50\" (at most 15 digits and 9 places), not '1E+999999'"],
    ),
    "too few credits": (
        "credits.purchased",
        {"channel": "sms", "quantity": 499, "paid_by": "card"},
        ["data.quantity: must be at least 500, not 499"],
    ),
    "erased settings": ("settings.changed", None, ["data: must be a map: settings cannot be erased"]),
    "settings that are a list": ("settings.changed", [], ["data: must be a map, not []"]),
    "two audiences": (
        "campaign.created",
        {
            "channel": "email",
            "correspondence": "adhoc",
            "audience": {"accounts": "1", "programme": "TRUNK"},
            "subject": "s",
            "body": "b",
        },
        ["data.audience: must be exactly one of buildings, accounts, report, programme; got accounts and programme"],
    ),
    "an attachment that is no base64": (
        "campaign.created",
        {
            "channel": "email",
            "correspondence": "adhoc",
            "audience": {"accounts": "1"},
            "subject": "s",
            "body": "b",
            "attachments": [{"name": "a.pdf", "media_type": "application/pdf", "content": "%PDF"}],
        },
        ["data.attachments.0.content: is not base64"],
    ),
    "no rows": ("campaign.rows_approved", {}, ["data: must name rows, or say all: true, and not both"]),
    "both rows and all": (
        "campaign.rows_approved",
        {"rows": ["1"], "all": True},
        ["data: must name rows, or say all: true, and not both"],
    ),
    "a report on nothing": (
        "delivery.reported",
        {"status": "gone"},
        [
            "data.message_id: is missing, and so is provider_ref: one of them names the message",
            "data.status: must be one of accepted, sent,",
        ],
    ),
    "a role that is no contact": (
        "item.ready",
        {"roles": {"bride": 9}},
        ["data.roles.bride: must be a contact id, not 9"],
    ),
    "roles that are no map": ("item.ready", {"roles": ["c9"]}, ["data.roles: must be a map of role to contact id"]),
    "an unknown suppression": (
        "consent.changed",
        {"address": "", "suppressed": "bored"},
        ["data.address: must not be empty", "data.suppressed: must be one of bounce, complaint, deceased, not 'bored'"],
    ),
    "a scope of nothing": (
        "consent.changed",
        {"address": "", "opted_out": ["all", ""], "opted_in": [" "]},
        [
            "data.address: must not be empty",
            "data.opted_out.1: must not be empty",
            "data.opted_in.0: must not be empty",
        ],
    ),
}


@pytest.mark.parametrize(("event_type", "data", "expected"), DATA_FAULTS.values(), ids=DATA_FAULTS)
def test_data_that_breaks_its_types_record_is_named(event_type: str, data: object, expected: list[str]) -> None:
    found = faults(type=event_type, data=data, subject="" if event_type == "settings.changed" else "c1")
    assert len(found) == len(expected)
    for one, start in zip(found, expected, strict=True):
        assert one.startswith(start)


def test_faults_of_envelope_and_data_are_told_together() -> None:
    assert faults(tenant="", data={**DATA, "made_by": "robot"}, time="now") == [
        'tenant: must be 1 to 100 characters, without | or control characters, not ""',
        "time: must be a time with an offset such as 2026-04-01T09:00:00Z, not 'now'",
        'data.made_by: must be one of client, staff, not "robot"',
    ]


def test_settings_belong_to_a_tenant_and_not_to_a_contact() -> None:
    assert faults(type="settings.changed", data={}) == ["subject: must be empty for settings.changed, not 'c1'"]


SUBJECTS = {
    "an order needs its contact": ("order.completed", {"order_id": "o1", "items": []}, False),
    "a campaign needs its id": ("campaign.generated", {}, False),
    "a text need not have one": ("inbound.sms", {"from": "+12025550123", "to": "12345", "text": "STOP"}, True),
    "a type of a tenant's own need not have one": ("rental.ready", {"suit": 42}, True),
    "an own type in a known family need not have one": ("booking.rebooked", {}, True),
    "an on-demand message to somebody": ("message.requested", {"channel": "sms", "text": "Hi", "to": "c1"}, True),
    "an on-demand message to nobody": ("message.requested", {"channel": "sms", "text": "Hi"}, False),
}


@pytest.mark.parametrize(("event_type", "data", "accepted"), SUBJECTS.values(), ids=SUBJECTS)
def test_a_subject_is_asked_for_where_somebody_is_meant(
    event_type: str, data: dict[str, object], accepted: bool
) -> None:
    plain = {**SCHEDULED, "type": event_type, "data": data, "subject": ""}
    if accepted:
        assert wire.event_from_mapping(plain).subject == ""
    else:
        assert faults(type=event_type, data=data, subject="")[0].startswith("subject: is missing")


BROKEN_TEXT: dict[str, tuple[bytes | str, str]] = {
    "no JSON": ("{", "is not JSON: Expecting property name"),
    "a list": ("[]", "must be a JSON object"),
    "a key twice": ('{"id": "1", "id": "2"}', "has the key 'id' twice"),
    "NaN": ('{"id": NaN}', "holds NaN, which is no JSON"),
    "a huge number": ('{"id": ' + "9" * 5000 + "}", "is not JSON that can be read"),
    "a large number": ('{"id": ' + "9" * 30 + "}", "holds the number 9"),
    "no UTF-8": (b'{"id": "\xff"}', "is not UTF-8: byte 0xff at 8"),
    "too deep": ("[" * 100_000, "is nested deeper than 32 levels"),
    "too long": (b'"' + b"x" * 1_048_576 + b'"', "is longer than 1048576 bytes"),
}


@pytest.mark.parametrize(("text", "expected"), BROKEN_TEXT.values(), ids=BROKEN_TEXT)
def test_text_that_is_no_event_says_why(text: bytes | str, expected: str) -> None:
    with pytest.raises(Refused) as caught:
        wire.event_from_json(text)
    assert str(caught.value).startswith(expected)


def binary(event: Event, **changes: bytes | None) -> tuple[bytes, list[tuple[str, bytes | None]]]:
    encoded = wire.encode(event)
    headers: dict[str, bytes | None] = dict(encoded.headers)
    headers.update({name.replace("content_type", "content-type"): content for name, content in changes.items()})
    return encoded.value, list(headers.items())


def test_an_event_travels_in_binary_mode() -> None:
    value, headers = binary(EVENT)
    assert wire.decode(EVENTS, b"pantry|c1", value, headers) == EVENT
    assert dict(headers)["ce_actor"] == b'{"kind":"staff","id":"s1","roles":["admin"]}'


def test_binary_mode_takes_json_data_too() -> None:
    _, headers = binary(EVENT, content_type=b"application/json; charset=utf-8")
    assert wire.decode(EVENTS, None, json.dumps(DATA).encode(), headers) == EVENT


def test_headers_of_others_are_left_alone() -> None:
    value, headers = binary(EVENT, traceparent=b"00-1", ce_mood=b"\xff", content_type=b"application/avro")
    assert wire.decode(EVENTS, None, value, headers) == EVENT


BROKEN_HEADERS: dict[str, tuple[dict[str, bytes | None], str]] = {
    "no id": ({"ce_id": None}, "id: is missing"),
    "no tenant": ({"ce_tenant": None}, "tenant: is missing"),
    "an actor that is no JSON": ({"ce_actor": b"staff"}, "actor: is not JSON"),
    "an actor of no kind": ({"ce_actor": b'{"kind":"robot"}'}, "actor.kind: must be one of"),
    "an actor with a raw NUL": ({"ce_actor": b'{"kind":"client","id":"a\0b"}'}, "actor: is not JSON"),
    "no UTF-8": ({"ce_subject": b"\xff"}, "subject: is not UTF-8: b'\\xff'"),
    "another version": ({"ce_specversion": b"0.3"}, "specversion: must be 1.0, not '0.3'"),
    "the wrong record": (
        {"ce_type": b"appointment.cancelled"},
        "data: holds a AppointmentScheduled, but the event's type needs a AppointmentCancelled",
    ),
}


ACTORS = [
    {},
    {"kind": "client"},
    {"kind": "client", "id": "c1"},
    {"kind": "client", "id": "c1", "roles": []},
    {"kind": "client", "id": "\u00e9\u2028\U0001f514"},
    {"kind": "client", "id": 'a"b\\c\n'},
    {"kind": "robot", "id": "c1"},
    {"id": None, "name": None},
    {"id": "", "name": "", "roles": []},
    {"kind": "staff", "id": "s1", "name": "Ann", "roles": ["admin", "approver"]},
    {"id": 0},
    {"id": False},
    {"name": []},
    {"name": {}},
    {"kind": None},
    {"kind": ["staff"]},
    {"roles": None},
    {"roles": "admin"},
    {"roles": ["admin", 1]},
    {"rank": 1},
    [],
    None,
    "staff",
]


@pytest.mark.parametrize("is_compact", [False, True])
@pytest.mark.parametrize("actor", ACTORS, ids=json.dumps)
def test_an_actor_is_read_alike_in_both_modes(actor: object, is_compact: bool) -> None:
    said = json_to_text(actor) if is_compact else json.dumps(actor)
    value, headers = binary(EVENT, ce_actor=said.encode())
    structured = json.dumps({**wire.event_to_json(EVENT), "actor": actor})
    assert outcome(wire.decode, EVENTS, None, value, headers) == outcome(wire.event_from_json, structured)


@pytest.mark.parametrize(
    "actor",
    [
        Actor(),
        Actor(kind=ActorKind.CLIENT, id="c1"),
        Actor(kind=ActorKind.CLIENT, id='a"b\\c\n\x7f\u00e9\u2028\U0001f514'),
        Actor(kind=ActorKind.STAFF, id="", roles=("admin",)),
        Actor(kind=ActorKind.STAFF, name="Ann"),
    ],
    ids=repr,
)
def test_an_actor_is_written_as_json_and_comes_back(actor: Actor) -> None:
    value, headers = binary(replace(EVENT, actor=actor))
    assert dict(headers)["ce_actor"] == json_to_text(to_plain(actor)).encode()
    assert wire.decode(EVENTS, None, value, headers) == replace(EVENT, actor=actor)


def test_an_event_that_was_read_is_frozen() -> None:
    value, headers = binary(EVENT)
    with pytest.raises(AttributeError):
        wire.decode(EVENTS, None, value, headers).id = "e2"  # type: ignore[attr-defined]  # it must not be possible


def outcome(read: Callable[..., object], *arguments: Any) -> object:
    try:
        return read(*arguments)
    except Refused as refused:
        return refused.faults


@pytest.mark.parametrize(("changes", "expected"), BROKEN_HEADERS.values(), ids=BROKEN_HEADERS)
def test_a_broken_header_is_named_by_its_attribute(changes: dict[str, bytes | None], expected: str) -> None:
    value, headers = binary(EVENT, **changes)
    with pytest.raises(Unreadable) as caught:
        wire.decode(EVENTS, None, value, headers)
    assert str(caught.value).startswith(expected)


def test_a_header_that_stands_twice_is_refused() -> None:
    value, headers = binary(EVENT)
    with pytest.raises(Unreadable, match="tenant: stands in two headers ce_tenant"):
        wire.decode(EVENTS, None, value, [*headers, ("ce_tenant", b"shop")])


def test_a_bare_avro_value_lacks_its_attributes() -> None:
    with pytest.raises(Unreadable) as caught:
        wire.decode(EVENTS, None, codec.encode(AppointmentCancelled(appointment_id="a1")), [])
    assert [fault.path for fault in caught.value.faults] == ["type", "time", "id", "tenant"]


def test_an_unreadable_event_says_whose_it_was() -> None:
    value, headers = binary(EVENT, ce_time=b"yesterday")
    with pytest.raises(Unreadable) as caught:
        wire.decode(EVENTS, None, value[:-3], headers)
    assert (caught.value.tenant, caught.value.type, caught.value.event_id) == ("pantry", "appointment.scheduled", "e1")
    assert [fault.path for fault in caught.value.faults] == ["time", "data"]


AVRO_MUST_KEEP_THE_SAME_RULES = {
    "a time": (
        "appointment.scheduled",
        AppointmentScheduled(appointment_id="a1", starts_at="soon", made_by="staff"),
        "data.starts_at",
    ),
    "a number": ("credits.purchased", CreditsPurchased(channel="sms", quantity=1, paid_by="card"), "data.quantity"),
    "an alternative": (
        "campaign.created",
        CampaignCreated(channel="email", correspondence="adhoc", audience=Audience(), subject="s", body="b"),
        "data.audience",
    ),
    "NUL in a list": (
        "order.completed",
        Order(order_id="o1", items=(Item(name="Rice\0", quantity=1),)),
        "data.items.0.name",
    ),
    "a role": ("item.ready", FreeRecord(values={"roles": {"bride": 9}}), "data.roles.bride"),
}


@pytest.mark.parametrize(
    ("event_type", "data", "path"), AVRO_MUST_KEEP_THE_SAME_RULES.values(), ids=AVRO_MUST_KEEP_THE_SAME_RULES
)
def test_binary_data_keeps_the_same_rules_as_json(event_type: str, data: Any, path: str) -> None:
    event = Event(id="e1", type=event_type, tenant="pantry", subject="c1", time=EVENT.time, data=data)
    value, headers = binary(event)
    with pytest.raises(Unreadable) as caught:
        wire.decode(EVENTS, None, value, headers)
    assert [fault.path for fault in caught.value.faults] == [path]


def test_a_record_on_a_topic_that_does_not_carry_it_is_refused() -> None:
    value = codec.encode(AppointmentCancelled(appointment_id="a1"))
    with pytest.raises(Unreadable, match="holds a AppointmentCancelled, but topic decisions carries Decision"):
        wire.decode(BY_NAME["decisions"], None, value, [])


def test_a_record_without_a_value_is_refused() -> None:
    with pytest.raises(Unreadable, match="has no value, which means nothing on topic events"):
        wire.decode(EVENTS, None, None, [])


_ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 3),
    st.text(max_size=3),
    st.sampled_from(["", "/desk", "order.completed", "item.ready", "2026-03-28T09:30:00Z", "client", "1.0"]),
    st.lists(st.text(max_size=2), max_size=2),
    st.dictionaries(st.sampled_from(["kind", "id", "name", "roles", "starts_at"]), st.sampled_from(["staff", "x", 3])),
)


@given(changes=st.dictionaries(st.sampled_from([*SCHEDULED, "specversion", "traceparent", "colour"]), _ODD, max_size=3))
def test_what_is_read_straight_is_what_is_read_with_care(changes: dict[str, Any]) -> None:
    plain = {**SCHEDULED, **changes}
    straight = sound_event(plain)
    if straight is None:
        with pytest.raises(Refused):
            examined_event(plain)
    else:
        assert examined_event(plain) == straight
