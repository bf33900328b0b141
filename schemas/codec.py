"""The codec: between a record and bytes in Confluent's wire format (0x00, 4-byte schema id, Avro body).

The only door to fastavro. Ids come from a SchemaSource: the checked-in ones, or a registry's.

Nearly every record is sound and of the newest schema: straight-line code of ours reads and writes it
(`schemas.avro_reader`, `schemas.avro_writer`). Whatever that cannot do is done over again by fastavro, which resolves
older schemas and has the last word on what is wrong.
"""

import struct
from collections.abc import Callable
from io import BytesIO
from typing import Any, Protocol

from fastavro import parse_schema, schemaless_reader, schemaless_writer

from schemas.avro_reader import reader_of
from schemas.avro_schema import NAMESPACE, AvroSchema, avro_schema
from schemas.avro_writer import writer_of
from schemas.catalogue import RECORDS
from schemas.checked_in import CheckedIn
from schemas.converters import from_avro, to_avro
from schemas.faults import Fault, Refused, Unreadable

_MAGIC = 0
_FRAME = struct.Struct(">BI")

Encode = Callable[[Any], bytes]
Decode = Callable[[bytes], Any]


class SchemasUnavailable(RuntimeError):
    """A source of schema ids cannot answer now. No record is to blame: whoever asked ends, or tries again later."""


class SchemaSource(Protocol):
    """Where schema ids come from; an answer never changes, so it is asked once.

    What it cannot answer it raises as SchemasUnavailable; that is another thing than an id which nobody knows.
    """

    def id_of(self, record: type) -> int:
        """The id under which records of this class are written; made when there is none."""

    def schema_of(self, schema_id: int) -> AvroSchema | None:
        """The schema a record was written with, or None when nobody knows the id."""


class Codec:
    """Encodes and decodes with the ids of one source; safe to share between threads."""

    def __init__(self, source: SchemaSource) -> None:
        self._source = source
        self._encoders: dict[type, Encode] = {}
        self._decoders: dict[bytes, Decode] = {}

    def encode(self, record: object) -> bytes:
        """The framed bytes of a record of the catalogue."""
        encode = self._encoders.get(type(record))
        if encode is None:
            encode = self._encoders[type(record)] = self._encoder(type(record))
        return encode(record)

    def decode(self, value: bytes) -> object:
        """The record that framed bytes hold, whichever version of its schema they were written with.

        Raises Unreadable for bytes that are not framed, an id nobody knows, a body that breaks its schema.
        """
        decode = self._decoders.get(value[: _FRAME.size])
        if decode is None:
            decode = self._decoders[value[: _FRAME.size]] = self._decoder(_schema_id(value))
        return decode(value)

    def _encoder(self, record: type) -> Encode:
        if RECORDS.get(record.__name__) is not record:
            raise TypeError(f"{record.__name__} is not in the catalogue of records")
        schema_id = self._source.id_of(record)
        known = self._source.schema_of(schema_id)
        if known is None or not _same(known, avro_schema(record)):
            raise TypeError(f"schema {schema_id} is not that of {record.__name__}: run python -m schemas.generate")
        return _encoder(record, schema_id)

    def _decoder(self, schema_id: int) -> Decode:
        written = self._source.schema_of(schema_id)
        if written is None:
            raise _unreadable(f"has schema id {schema_id}, which nobody knows")
        name = str(written.get("name", "")).rpartition(".")[2]
        record = RECORDS.get(name)
        if record is None:
            raise _unreadable(f"has schema id {schema_id} of {name!r}, which is no record of ours")
        return _decoder(record, written)


def _schema_id(value: bytes) -> int:
    if len(value) < _FRAME.size or value[0] != _MAGIC:
        raise _unreadable(f"is not framed: {len(value)} bytes beginning {value[: _FRAME.size].hex() or '(none)'}")
    schema_id: int = _FRAME.unpack_from(value)[1]
    return schema_id


def _encoder(record: type, schema_id: int) -> Encode:
    head = _FRAME.pack(_MAGIC, schema_id)
    write, thorough = writer_of(record), thorough_encoder(record, head)

    def encode(value: Any) -> bytes:
        try:
            return head + write(value)
        except Exception:  # noqa: BLE001  # whatever is unusual raises whatever it happens to lead to
            return thorough(value)

    return encode


def thorough_encoder(record: type, head: bytes) -> Encode:
    """The encoder that takes everything which Avro can say of the record, and names what it cannot."""
    schema = parse_schema(_physical(avro_schema(record)), {})
    convert = to_avro(record)

    def encode(value: Any) -> bytes:
        body = BytesIO()
        body.write(head)
        schemaless_writer(body, schema, convert(value))
        return body.getvalue()

    return encode


def _decoder(record: type, written: AvroSchema) -> Decode:
    thorough = thorough_decoder(record, written)
    if not _same(written, avro_schema(record)):
        return thorough
    read = reader_of(record)

    def decode(value: bytes) -> Any:
        try:
            found, end = read(value, _FRAME.size)
        except Exception:  # noqa: BLE001  # whatever is unusual raises whatever it happens to lead to
            return thorough(value)
        return found if end == len(value) else thorough(value)

    return decode


def thorough_decoder(record: type, written: AvroSchema) -> Decode:
    """The decoder that resolves other versions of the schema and names what is wrong."""
    ours = avro_schema(record)
    writer = parse_schema(_physical(written), {})
    # Resolving costs as much again as reading: only for what was written with another version.
    reader = None if _same(written, ours) else parse_schema(_physical(ours), {})
    convert = from_avro(record)

    def decode(value: bytes) -> Any:
        body = BytesIO(value)
        body.seek(_FRAME.size)
        try:
            plain = schemaless_reader(body, writer, reader)
        except Exception as error:  # noqa: BLE001  # the reason follows
            # fastavro has no error of its own for a broken body: it raises EOFError, IndexError, UnicodeDecodeError,
            # OverflowError, MemoryError, SchemaResolutionError and more, whatever the bytes happen to lead to.
            raise _unreadable(f"is no {NAMESPACE}.{record.__name__}: {_words_of(error)}") from None
        if body.read(1):
            raise _unreadable(f"has bytes after its {NAMESPACE}.{record.__name__}")
        try:
            return convert(plain)  # type: ignore[arg-type]  # a record schema always reads a dict
        except Refused as refused:
            raise Unreadable(*refused.faults) from None

    return decode


def _words_of(error: Exception) -> str:
    """What fastavro says, without the address of the buffer that it says it of: a repeated refusal is the same one."""
    return str(error).partition(" from <")[0] or type(error).__name__


def _physical(schema: Any) -> Any:
    """The schema without logical types, which change nothing in the bytes; converters know them faster."""
    if isinstance(schema, dict):
        return {key: _physical(value) for key, value in schema.items() if key != "logicalType"}
    return [_physical(part) for part in schema] if isinstance(schema, list) else schema


def _same(one: AvroSchema, other: AvroSchema) -> bool:
    return parse_schema(one, {}) == parse_schema(other, {})


def _unreadable(reason: str) -> Unreadable:
    return Unreadable(Fault(path="", reason=reason))


_codec = Codec(CheckedIn())


def use(source: SchemaSource) -> None:
    """Take schema ids from this source from now on; called once, at start, before anything is encoded."""
    global _codec  # noqa: PLW0603  # one choice per process, made at its start
    _codec = Codec(source)


def encode(record: object) -> bytes:
    """The framed bytes of a record of the catalogue, with the installation's ids."""
    return _codec.encode(record)


def decode(value: bytes) -> object:
    """The record that framed bytes hold; raises Unreadable."""
    return _codec.decode(value)
