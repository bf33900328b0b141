"""The codec: every record of the catalogue survives the way there and back, and nothing else is taken for one."""

import contextlib
import struct
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import codec
from schemas.avro_schema import AvroSchema, avro_schema
from schemas.billing import Usage
from schemas.catalogue import RECORDS
from schemas.checked_in import CheckedIn
from schemas.codec import Codec
from schemas.events.bookings import AppointmentScheduled
from schemas.events.contacts import ClientRegistered
from schemas.events.free import Patch
from schemas.faults import Unreadable
from schemas.shapes import Form, Shape
from schemas.words import Channel
from tests.unit.schemas.any_record import any_record


@pytest.mark.parametrize("name", sorted(RECORDS))
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_every_record_comes_back_as_it_was(name: str, data: st.DataObject) -> None:
    record = data.draw(any_record(RECORDS[name]))
    assert codec.decode(codec.encode(record)) == record


@given(st.binary(max_size=60))
def test_no_bytes_crash_the_codec(body: bytes) -> None:
    framed = struct.pack(">BI", 0, CheckedIn().id_of(AppointmentScheduled)) + body
    for value in (body, framed):
        with contextlib.suppress(Unreadable):
            codec.decode(value)


USAGE = Usage(
    message_id="m1",
    tenant="pantry",
    channel=Channel.SMS,
    units=2,
    unit="segment",
    amount=Decimal("0.04"),
    currency="USD",
    period="2026-03",
    at=datetime(2026, 3, 28, 9, 30, tzinfo=UTC),
)


def test_a_frame_is_a_zero_and_the_schema_id() -> None:
    magic, schema_id = struct.unpack_from(">BI", codec.encode(USAGE))
    assert (magic, schema_id) == (0, CheckedIn().id_of(Usage))


UNREADABLE = {
    "empty": (b"", "is not framed: 0 bytes"),
    "JSON": (b'{"id": 1}', "is not framed: 9 bytes beginning 7b22696422"),
    "an id nobody knows": (b"\0\0\x0f\x42\x3f", "has schema id 999999, which nobody knows"),
    "a body cut short": (codec.encode(USAGE)[:9], "is no tidings.Usage"),
    "a body that goes on": (codec.encode(USAGE) + b"x", "has bytes after its tidings.Usage"),
}


@pytest.mark.parametrize(("value", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_record_says_why(value: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        codec.decode(value)
    assert caught.value.faults[0].reason.startswith(reason)


class Foreign:
    """A source whose records were written by somebody with another version of our schemas."""

    def __init__(self, record: type, schema: AvroSchema) -> None:
        self._record, self._schema = record, schema

    def id_of(self, record: type) -> int:
        return 7

    def schema_of(self, schema_id: int) -> AvroSchema | None:
        return self._schema if schema_id == 7 else None


def framed_appointment(schema: AvroSchema, *values: bytes) -> object:
    return Codec(Foreign(AppointmentScheduled, schema)).decode(struct.pack(">BI", 0, 7) + b"".join(values))


def text(value: str) -> bytes:
    return bytes([len(value) * 2]) + value.encode()


def without(schema: AvroSchema, *names: str) -> AvroSchema:
    return {**schema, "fields": [field for field in schema["fields"] if field["name"] not in names]}


def test_a_record_written_before_fields_were_added_gets_their_defaults() -> None:
    old = without(avro_schema(AppointmentScheduled), "timezone", "order_id", "location", "title")
    read = framed_appointment(old, text("a1"), text("2026-04-02T09:00:00Z"), text("staff"))
    assert read == AppointmentScheduled(appointment_id="a1", starts_at="2026-04-02T09:00:00Z", made_by="staff")


def test_a_field_that_only_the_writer_knows_is_passed_over() -> None:
    ours = without(avro_schema(AppointmentScheduled), "timezone", "order_id", "location", "title")
    newer = {**ours, "fields": [*ours["fields"], {"name": "mood", "type": "string", "default": ""}]}
    read = framed_appointment(newer, text("a1"), text("2026-04-02T09:00:00Z"), text("staff"), text("good"))
    assert isinstance(read, AppointmentScheduled)


def test_a_word_outside_its_set_is_refused_with_its_path() -> None:
    schema = without(avro_schema(AppointmentScheduled), "timezone", "order_id", "location", "title")
    with pytest.raises(Unreadable) as caught:
        framed_appointment(schema, text("a1"), text("2026-04-02T09:00:00Z"), text("robot"))
    assert str(caught.value) == "made_by: must be one of client, staff, not 'robot'"


def test_a_schema_of_somebody_elses_record_is_refused() -> None:
    with pytest.raises(Unreadable, match="of 'Pigeon', which is no record of ours"):
        framed_appointment({"type": "record", "name": "Pigeon", "namespace": "loft", "fields": []})


def test_a_class_outside_the_catalogue_cannot_be_encoded() -> None:
    with pytest.raises(TypeError, match="Shape is not in the catalogue"):
        codec.encode(Shape(form=Form.TEXT))


def test_a_schema_that_is_not_the_classes_own_is_noticed_before_anything_is_written() -> None:
    with pytest.raises(TypeError, match=r"run python -m schemas\.generate"):
        Codec(Foreign(Usage, without(avro_schema(Usage), "currency"))).encode(USAGE)


def test_a_patch_tells_erasing_from_leaving_alone() -> None:
    erases, leaves = Patch(patch={"email": None}), Patch(patch={})
    assert codec.decode(codec.encode(erases)) == erases
    assert codec.decode(codec.encode(leaves)) == leaves


BROKEN_JSON = {
    "not JSON": ("{", "fields: is not JSON: Expecting property name"),
    "a key twice": ('{"a": 1, "a": 2}', "fields: has the key 'a' twice"),
    "NaN": ('{"a": NaN}', "fields: holds NaN, which is no JSON"),
    "too large a number": ('{"a": 1e999}', "fields: holds the number 1e999, which is too large"),
    "half a surrogate pair": ('{"a": "\\ud800"}', "fields.a: is nothing that JSON can say"),
    "too deep": ("[" * 40 + "]" * 40, "fields: is nested deeper than 32 levels"),
    "far too deep": ("[" * 50_000, "fields: is nested deeper than 32 levels"),
}


@pytest.mark.parametrize(("written", "complaint"), BROKEN_JSON.values(), ids=BROKEN_JSON)
def test_a_broken_free_map_is_refused_with_its_path(written: str, complaint: str) -> None:
    schema = {
        "type": "record",
        "name": "ClientRegistered",
        "namespace": "tidings",
        "fields": [{"name": "fields", "type": "string"}],
    }
    size, length = len(written.encode()) << 1, b""
    while size > 0x7F:
        length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
    body = length + bytes([size]) + written.encode()
    with pytest.raises(Unreadable) as caught:
        Codec(Foreign(ClientRegistered, schema)).decode(struct.pack(">BI", 0, 7) + body)
    assert str(caught.value).startswith(complaint)
