"""The checked-in schema ids: `ids.json`, with the schema of each id under `avro/`; append only.

`ids.json` lists the ids of each record, oldest first. The last one's schema is `avro/<Name>.avsc`, an earlier one's is
`avro/history/<Name>.<id>.avsc`, so that what was ever written can be read.
"""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

AvroSchema = dict[str, Any]

HERE = Path(__file__).parent


class CheckedIn:
    """The schemas that ship with Tidings; a source of ids for the codec."""

    def __init__(self, home: Path = HERE) -> None:
        self._home = home

    @cached_property
    def ids(self) -> dict[str, list[int]]:
        """Record name → its ids, oldest first."""
        path = self._home / "ids.json"
        found: dict[str, list[int]] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def id_of(self, record: type) -> int:
        """The newest id of a record; KeyError for one that `python -m schemas.generate` has not seen yet."""
        if record.__name__ not in self.ids:
            raise KeyError(f"{record.__name__} has no schema id: run python -m schemas.generate")
        return self.ids[record.__name__][-1]

    def schema_of(self, schema_id: int) -> AvroSchema | None:
        """The schema with this id, or None."""
        for name, ids in self.ids.items():
            if schema_id in ids:
                found: AvroSchema = json.loads(self.path(name, schema_id).read_text())
                return found
        return None

    def path(self, name: str, schema_id: int) -> Path:
        """Where the schema with this id is kept."""
        if schema_id == self.ids[name][-1]:
            return self._home / "avro" / f"{name}.avsc"
        return self._home / "avro" / "history" / f"{name}.{schema_id}.avsc"
