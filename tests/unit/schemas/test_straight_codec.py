"""Straight-line reading and writing of Avro: the same bytes, the same records and the same refusals as fastavro's."""

import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import avro_reader, avro_writer, wire
from schemas.avro_reader import reader_of
from schemas.avro_schema import avro_schema
from schemas.avro_writer import writer_of
from schemas.catalogue import RECORDS
from schemas.checked_in import HERE, CheckedIn
from schemas.codec import Codec, thorough_decoder, thorough_encoder
from schemas.consent import Consent
from schemas.faults import Unreadable
from schemas.json_text import json_from_text
from schemas.shapes import shapes_of
from schemas.state import Seen
from schemas.validation import parse
from tests.unit.schemas.any_record import any_record

HEAD = 5
ANY = settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def head_of(record: type) -> bytes:
    return struct.pack(">BI", 0, CheckedIn().id_of(record))


def thoroughly_encoded(record: Any) -> bytes:
    return thorough_encoder(type(record), head_of(type(record)))(record)


@pytest.mark.parametrize("name", sorted(RECORDS))
@ANY
@given(data=st.data())
def test_straight_code_writes_what_fastavro_writes_and_reads_it_back(name: str, data: st.DataObject) -> None:
    record = data.draw(any_record(RECORDS[name]))
    body = writer_of(type(record))(record)
    assert head_of(type(record)) + body == thoroughly_encoded(record)
    read, end = reader_of(type(record))(body, 0)
    assert (read, type(read), end) == (record, type(record), len(body))
    assert hash_or_none(read) == hash_or_none(record)


def hash_or_none(record: object) -> int | None:
    """A record that holds a map has no hash."""
    try:
        return hash(record)
    except TypeError:
        return None


@pytest.mark.parametrize("name", sorted(RECORDS))
@ANY
@given(data=st.data())
def test_what_is_damaged_is_refused_in_the_same_words(name: str, data: st.DataObject) -> None:
    record = RECORDS[name]
    value = bytearray(thoroughly_encoded(data.draw(any_record(record))))
    if len(value) > HEAD:
        for place in data.draw(st.lists(st.integers(HEAD, len(value) - 1), max_size=3)):
            value[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.none() | st.integers(HEAD, len(value)))
    written = bytes(value[:cut]) + data.draw(st.sampled_from([b"", b"\0", b"\x80\0"]))
    thorough = thorough_decoder(record, avro_schema(record))
    assert outcome(Codec(CheckedIn()).decode, written) == outcome(thorough, written)


def outcome(decode: Any, value: bytes) -> tuple[str, object]:
    """What comes of a value; NaN, which is equal to nothing, as its text."""
    try:
        return "record", repr(decode(value))
    except Unreadable as error:
        return "refused", error.faults


WRONG = (None, 1, 1.5, True, "word", b"bytes", (), ("a", 1), {"a": 1}, Decimal("1.5"), object(), datetime(2026, 1, 1))  # noqa: DTZ001  # that it is naive is what is wrong


@pytest.mark.parametrize("name", sorted(RECORDS))
@settings(ANY, max_examples=1)
@given(data=st.data())
def test_a_value_of_the_wrong_type_is_taken_or_refused_alike(name: str, data: st.DataObject) -> None:
    example = data.draw(any_record(RECORDS[name]))
    codec, thorough = Codec(CheckedIn()), thorough_encoder(RECORDS[name], head_of(RECORDS[name]))
    for field in shapes_of(RECORDS[name]):
        for wrong in WRONG:
            changed = replace(example, **{field.name: wrong})
            assert written(codec.encode, changed) == written(thorough, changed), f"{field.name}: {wrong!r}"


def written(encode: Any, record: object) -> tuple[str, object]:
    try:
        return "bytes", encode(record)
    except Exception as error:  # noqa: BLE001  # that it is the same one is what is tested
        return type(error).__name__, str(error)


EXAMPLES = sorted((HERE / "examples" / "records").glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_committed_example_is_written_as_fastavro_writes_it(path: Path) -> None:
    record: Any = parse(RECORDS[path.stem], json_from_text(path.read_bytes()))
    assert head_of(type(record)) + writer_of(type(record))(record) == thoroughly_encoded(record)


EVENTS = sorted((HERE / "examples" / "events").glob("*.json"))


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_the_data_of_a_committed_event_is_written_as_fastavro_writes_it(path: Path) -> None:
    data: Any = wire.event_from_json(path.read_bytes()).data
    assert head_of(type(data)) + writer_of(type(data))(data) == thoroughly_encoded(data)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = {
    "the first": datetime.min.replace(tzinfo=UTC),
    "the last": datetime.max.replace(tzinfo=UTC),
    "1970": EPOCH,
    "a microsecond earlier": EPOCH - timedelta(microseconds=1),
    **{f"2 to the {bits}": EPOCH + timedelta(microseconds=1 << bits) for bits in (0, 5, 6, 40, 41, 42, 54, 55, 56)},
    "below 2 to the 41": EPOCH + timedelta(microseconds=(1 << 41) - 1),
    "below 2 to the 55": EPOCH + timedelta(microseconds=(1 << 55) - 1),
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_an_instant_of_any_size_is_written_alike_and_comes_back(moment: datetime) -> None:
    body = writer_of(Seen)(Seen(at=moment))
    assert head_of(Seen) + body == thoroughly_encoded(Seen(at=moment))
    assert reader_of(Seen)(body, 0) == (Seen(at=moment), len(body))


def test_each_of_two_instants_that_a_clock_shows_alike_is_written() -> None:
    early = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Stockholm"))
    written = [Codec(CheckedIn()).encode(Seen(at=moment)) for moment in (early, early.replace(fold=1))]
    read = [Codec(CheckedIn()).decode(each) for each in written]
    assert read == [Seen(at=early.astimezone(UTC)), Seen(at=early.astimezone(UTC) + timedelta(hours=1))]


@pytest.mark.parametrize("length", [0, 1, 63, 64, 4095, 4096, 8191, 8192, 300_000])
def test_a_text_of_any_length_is_written_alike_and_comes_back(length: int) -> None:
    consent = Consent(tenant="pantry", address="x" * length, opted_out=("all",) * length)
    body = writer_of(Consent)(consent)
    assert head_of(Consent) + body == thoroughly_encoded(consent)
    assert reader_of(Consent)(body, 0) == (consent, len(body))


def test_a_record_that_was_read_is_frozen() -> None:
    seen, _ = reader_of(Seen)(writer_of(Seen)(Seen(at=EPOCH)), 0)
    with pytest.raises(AttributeError):
        seen.at = EPOCH


def test_what_is_compiled_can_be_looked_at() -> None:
    assert "record.address.encode()" in avro_writer.source_of(Consent)
    assert "field_address = body[at:end].decode()" in avro_reader.source_of(Consent)
