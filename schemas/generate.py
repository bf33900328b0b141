"""Writes `ids.json` and `avro/*.avsc` from the record classes, or checks that they are current.

python -m schemas.generate               a changed schema gets a new id; the old one moves to avro/history
python -m schemas.generate --unreleased  a changed schema replaces the old one under its id, whatever the change;
                                         only for a record that no installation has written yet
python -m schemas.generate --check       writes nothing; fails when something is stale
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

from schemas.avro_schema import AvroSchema, avro_schema
from schemas.catalogue import RECORDS
from schemas.checked_in import HERE, CheckedIn
from schemas.compatibility import incompatibilities


def generate(home: Path = HERE, *, check: bool = False, unreleased: bool = False) -> list[str]:
    """What is wrong, one line each; unless `check`, files are brought up to date where nothing forbids it."""
    kept = CheckedIn(home)
    ids = {name: list(known) for name, known in kept.ids.items()}
    wrong: list[str] = []
    for name, record in RECORDS.items():
        schema = avro_schema(record)
        if name not in ids:
            wrong += _add(home, ids, name, schema, check=check)
            continue
        path = kept.path(name, ids[name][-1])
        old: AvroSchema = json.loads(path.read_text())
        if old == schema:
            continue
        broken = [] if unreleased else [f"{name}: {line}" for line in _all_incompatibilities(kept, name, schema)]
        if broken:
            wrong += broken
        elif check:
            wrong.append(f"{name}: avro/{name}.avsc is stale, run python -m schemas.generate")
        elif unreleased or _without_docs(old) == _without_docs(schema):
            path.write_text(_text(schema))
        else:
            _retire(home, ids, name, old)
            path.write_text(_text(schema))
    wrong += [f"{name}: has an id, but no record class" for name in ids if name not in RECORDS]
    wrong += [f"schema id {number} is given to {', '.join(names)}" for number, names in _given_twice(ids).items()]
    if not check:
        (home / "ids.json").write_text(json.dumps(ids, indent=2) + "\n")
    return wrong


def _add(home: Path, ids: dict[str, list[int]], name: str, schema: AvroSchema, *, check: bool) -> list[str]:
    if check:
        return [f"{name}: has no schema id, run python -m schemas.generate"]
    ids[name] = [_next(ids)]
    path = home / "avro" / f"{name}.avsc"
    path.parent.mkdir(exist_ok=True)
    path.write_text(_text(schema))
    return []


def _retire(home: Path, ids: dict[str, list[int]], name: str, old: AvroSchema) -> None:
    """Keep the old schema under its id, and give the record a new one."""
    history = home / "avro" / "history"
    history.mkdir(exist_ok=True)
    (history / f"{name}.{ids[name][-1]}.avsc").write_text(_text(old))
    ids[name].append(_next(ids))


def _all_incompatibilities(kept: CheckedIn, name: str, schema: AvroSchema) -> list[str]:
    """FULL_TRANSITIVE: every version ever written must read the new one and be read by it."""
    versions = (json.loads(kept.path(name, schema_id).read_text()) for schema_id in kept.ids[name])
    return sorted({line for old in versions for line in incompatibilities(old, schema)})


def _given_twice(ids: dict[str, list[int]]) -> dict[int, list[str]]:
    """Two branches that each take the next id make two of it when they are merged."""
    given: defaultdict[int, list[str]] = defaultdict(list)
    for name, known in ids.items():
        for number in known:
            given[number].append(name)
    return {number: names for number, names in given.items() if len(names) > 1}


def _next(ids: dict[str, list[int]]) -> int:
    return max((schema_id for known in ids.values() for schema_id in known), default=0) + 1


def _without_docs(schema: object) -> object:
    if isinstance(schema, dict):
        return {key: _without_docs(value) for key, value in schema.items() if key != "doc"}
    return [_without_docs(item) for item in schema] if isinstance(schema, list) else schema


def _text(schema: AvroSchema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    lines = generate(check="--check" in sys.argv, unreleased="--unreleased" in sys.argv)
    sys.stderr.writelines(f"{line}\n" for line in lines)
    sys.exit(1 if lines else 0)
