"""The committed examples, as pages show them."""

import json
from pathlib import Path

import schemas
from tidings.docs.markdown import block

EXAMPLES = Path(schemas.__file__).parent / "examples"
"""Committed beside the schemas; tests decode each."""


def example_of(folder: str, name: str) -> str:
    """The committed example as a block; empty where there is none."""
    path = EXAMPLES / folder / f"{name}.json"
    if not path.exists():
        return ""
    return block(json.dumps(json.loads(path.read_text()), indent=2, ensure_ascii=False), "json")
