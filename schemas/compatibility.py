"""Whether two versions of a schema read each other (Avro specification, Schema Resolution; FULL compatibility)."""

from collections.abc import Iterator
from typing import Any

from schemas.avro_schema import AvroSchema


def incompatibilities(old: AvroSchema, new: AvroSchema) -> list[str]:
    """Why records of one cannot be read with the other, in either direction; empty when they can.

    Stricter than Avro in one thing: a field keeps its type exactly, promotions (int to long) are not used.
    """
    return list(_Comparison(old, new).compare(old, new, ""))


class _Comparison:
    """One comparison; it keeps the records defined on each side, and compares a record once, where it first stands."""

    def __init__(self, old: AvroSchema, new: AvroSchema) -> None:
        self._old = dict(_definitions(old))
        self._new = dict(_definitions(new))
        self._compared: set[str] = set()

    def compare(self, old: Any, new: Any, path: str) -> Iterator[str]:
        if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for one, other in zip(old, new, strict=True):
                yield from self.compare(one, other, path)
            return
        old = self._old.get(old, old) if isinstance(old, str) else old
        new = self._new.get(new, new) if isinstance(new, str) else new
        if _kind(old) != _kind(new):
            yield f"{path or 'schema'} changes its type from {_name(old)} to {_name(new)}"
        elif isinstance(old, dict) and old["type"] == "record":
            if old["name"] not in self._compared:
                self._compared.add(old["name"])
                yield from self._compare_fields(old, new, path)
        elif isinstance(old, dict) and old["type"] in ("array", "map"):
            part = "items" if old["type"] == "array" else "values"
            yield from self.compare(old[part], new[part], path)

    def _compare_fields(self, old: AvroSchema, new: AvroSchema, path: str) -> Iterator[str]:
        before = {field["name"]: field for field in old["fields"]}
        after = {field["name"]: field for field in new["fields"]}
        for name in before | after:
            where = f"{path}.{name}" if path else name
            if name not in after and "default" not in before[name]:
                yield f"{where} is removed, but had no default"
            elif name not in before and "default" not in after[name]:
                yield f"{where} is added without a default"
            elif name in before and name in after:
                yield from self.compare(before[name]["type"], after[name]["type"], where)


def _definitions(schema: Any) -> Iterator[tuple[str, AvroSchema]]:
    """Every record that a schema defines, by its full name."""
    if isinstance(schema, list):
        for part in schema:
            yield from _definitions(part)
    elif isinstance(schema, dict):
        if schema.get("type") == "record":
            yield f"{schema['namespace']}.{schema['name']}" if "namespace" in schema else schema["name"], schema
            for field in schema["fields"]:
                yield from _definitions(field["type"])
        for part in ("items", "values"):
            if part in schema:
                yield from _definitions(schema[part])


def _kind(schema: Any) -> object:
    """What must not change."""
    if isinstance(schema, dict):
        return tuple(schema.get(key) for key in ("type", "logicalType", "name"))
    return len(schema) if isinstance(schema, list) else (schema, None, None)


def _name(schema: Any) -> str:
    if isinstance(schema, dict):
        return str(schema.get("logicalType") or schema.get("name") or schema["type"])
    return " or ".join(map(_name, schema)) if isinstance(schema, list) else str(schema)
