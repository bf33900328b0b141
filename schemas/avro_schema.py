"""The Avro schema of a record class.

Strings carry decimals (exact, and read by every language), words of closed sets (a new word must not break an old
reader) and free maps as JSON (`"logicalType": "json"`). What may be absent is `["null", X]` with default null.
"""

from collections.abc import Mapping
from dataclasses import MISSING
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas.shapes import FieldShape, Form, Shape, shapes_of

NAMESPACE = "tidings"

AvroSchema = dict[str, Any]

_SIMPLE: Mapping[Form, Any] = {
    Form.TEXT: "string",
    Form.WORD: "string",
    Form.BOOLEAN: "boolean",
    Form.INTEGER: "long",
    Form.FLOAT: "double",
    Form.BYTES: "bytes",
    Form.INSTANT: {"type": "long", "logicalType": "timestamp-micros"},
    Form.DECIMAL: {"type": "string", "logicalType": "decimal-text"},
    Form.JSON: {"type": "string", "logicalType": "json"},
}


def avro_schema(record: type) -> AvroSchema:
    """The schema of one record class, complete in itself."""
    return _record(record, set())


def _record(record: type, named: set[type]) -> AvroSchema:
    named.add(record)
    schema: AvroSchema = {"type": "record", "name": record.__name__, "namespace": NAMESPACE}
    if record.__doc__:
        schema["doc"] = " ".join(record.__doc__.split())
    schema["fields"] = [_field(field, named) for field in shapes_of(record)]
    return schema


def _field(field: FieldShape, named: set[type]) -> AvroSchema:
    schema: AvroSchema = {"name": field.wire_name, "type": _type(field.shape, named)}
    if field.shape.nullable:
        schema["default"] = None
    elif field.default is not MISSING:
        schema["default"] = _default(field.shape, field.default)
    return schema


def _type(shape: Shape, named: set[type]) -> Any:
    written = _written(shape, named)
    return ["null", written] if shape.nullable else written


def _written(shape: Shape, named: set[type]) -> Any:
    if shape.form is Form.LIST and shape.item is not None:
        return {"type": "array", "items": _type(shape.item, named)}
    if shape.form is Form.MAP and shape.item is not None:
        return {"type": "map", "values": _type(shape.item, named)}
    if shape.form is Form.RECORD and shape.record is not None:
        return f"{NAMESPACE}.{shape.record.__name__}" if shape.record in named else _record(shape.record, named)
    return _SIMPLE[shape.form]


def _default(shape: Shape, value: Any) -> Any:
    """A default as Avro writes it."""
    if value is None:
        return None
    if shape.form is Form.RECORD and shape.record is not None:
        return {field.wire_name: _default(field.shape, getattr(value, field.name)) for field in shapes_of(shape.record)}
    if shape.form in (Form.LIST, Form.MAP, Form.JSON) and value:
        raise TypeError(f"a default of form {shape.form} must be empty, not {value!r}")
    if shape.form is Form.JSON:
        return "{}"
    if shape.form is Form.LIST:
        return []
    if shape.form is Form.MAP:
        return {}
    if isinstance(value, (bytes, datetime)):
        raise TypeError(f"a default of form {shape.form} cannot be written, {value!r}")
    return format(value, "f") if isinstance(value, Decimal) else value
