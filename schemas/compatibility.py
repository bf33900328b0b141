"""Whether two versions of a schema read each other (Avro specification, Schema Resolution; FULL compatibility)."""

from typing import Any

from schemas.avro_schema import AvroSchema


def incompatibilities(old: AvroSchema, new: AvroSchema) -> list[str]:
    """Why records of one cannot be read with the other, in either direction; empty when they can.

    Stricter than Avro in one thing: a field keeps its type exactly, promotions (int to long) are not used.
    """
    return _compare(old, new, "", {}, {})


def _compare(old: Any, new: Any, path: str, old_names: dict[str, Any], new_names: dict[str, Any]) -> list[str]:
    old, new = _resolved(old, old_names), _resolved(new, new_names)
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            line
            for one, other in zip(old, new, strict=True)
            for line in _compare(one, other, path, old_names, new_names)
        ]
    if not isinstance(old, dict) or not isinstance(new, dict):
        return [] if old == new else [f"{path or 'schema'} changes its type from {_name(old)} to {_name(new)}"]
    if any(old.get(key) != new.get(key) for key in ("type", "logicalType", "name", "namespace")):
        return [f"{path or 'schema'} changes its type from {_name(old)} to {_name(new)}"]
    if old["type"] == "record":
        return _compare_fields(old, new, path, old_names, new_names)
    part = {"array": "items", "map": "values"}.get(old["type"])
    return [] if part is None else _compare(old[part], new[part], path, old_names, new_names)


def _compare_fields(
    old: AvroSchema, new: AvroSchema, path: str, old_names: dict[str, Any], new_names: dict[str, Any]
) -> list[str]:
    if old["name"] in old_names and old_names[old["name"]] is not old:
        return []  # compared where it is defined
    old_names[old["name"]], new_names[new["name"]] = old, new
    before = {field["name"]: field for field in old["fields"]}
    after = {field["name"]: field for field in new["fields"]}
    lines = []
    for name in before | after:
        where = f"{path}.{name}" if path else name
        if name not in after and "default" not in before[name]:
            lines.append(f"{where} is removed, but had no default")
        elif name not in before and "default" not in after[name]:
            lines.append(f"{where} is added without a default")
        elif name in before and name in after:
            lines += _compare(before[name]["type"], after[name]["type"], where, old_names, new_names)
    return lines


def _resolved(schema: Any, names: dict[str, Any]) -> Any:
    return names.get(schema.rpartition(".")[2], schema) if isinstance(schema, str) else schema


def _name(schema: Any) -> str:
    if isinstance(schema, dict):
        return str(schema.get("logicalType") or schema.get("name") or schema["type"])
    return " or ".join(map(_name, schema)) if isinstance(schema, list) else str(schema)
