"""The committed examples, as pages show them."""

import json
from pathlib import Path

import schemas
from tidings.docs.markdown import block

EXAMPLES = Path(schemas.__file__).parent / "examples"
"""Committed beside the schemas; tests decode each."""
_WIDTH = 110


def example_of(folder: str, name: str) -> str:
    """The committed example as a block; empty where there is none."""
    path = EXAMPLES / folder / f"{name}.json"
    return block(_spread(json.loads(path.read_text()), 0), "json") if path.exists() else ""


def _spread(value: object, depth: int) -> str:
    """JSON in few lines: the members of a map one a line, and those that fit into a line in one."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or not value or (depth and len(flat) <= _WIDTH - 2 * depth):
        return flat
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, list):
        members = [_spread(each, depth + 1) for each in value]
        return "[\n" + ",\n".join(inner + member for member in members) + f"\n{outer}]"
    members = [f"{json.dumps(key)}: {_spread(each, depth + 1)}" for key, each in value.items()]
    return "{\n" + ",\n".join(inner + member for member in members) + f"\n{outer}}}"
