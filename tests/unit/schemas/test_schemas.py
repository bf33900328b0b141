"""The committed schemas, ids and examples: complete, current, and compatible with all that was ever written."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from schemas import codec, wire
from schemas.avro_schema import avro_schema
from schemas.catalogue import RECORDS
from schemas.checked_in import HERE, CheckedIn
from schemas.compatibility import incompatibilities
from schemas.envelope import Event
from schemas.events import EVENT_RECORDS, EventRecord
from schemas.generate import generate
from schemas.topics import BY_NAME, TOPICS
from schemas.validation import parse, to_plain

EVENT_EXAMPLES = {path.stem: path for path in (HERE / "examples" / "events").glob("*.json")}
RECORD_EXAMPLES = {path.stem: path for path in (HERE / "examples" / "records").glob("*.json")}
TRAVELLING = sorted({one.__name__ for topic in TOPICS for one in topic.records if one is not Event})


def test_the_committed_schemas_and_ids_are_current() -> None:
    assert generate(check=True) == []


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_every_record_has_a_schema_and_an_id_of_its_own(name: str) -> None:
    kept = CheckedIn()
    assert kept.schema_of(kept.id_of(RECORDS[name])) == avro_schema(RECORDS[name])
    assert sum(kept.ids[name][-1] in ids for ids in kept.ids.values()) == 1


def test_every_id_has_its_schema_and_every_schema_its_id() -> None:
    kept = CheckedIn()
    listed = {kept.path(name, schema_id) for name, ids in kept.ids.items() for schema_id in ids}
    assert listed == set((HERE / "avro").rglob("*.avsc"))


@pytest.mark.parametrize("event_type", sorted(EVENT_RECORDS))
def test_every_event_type_has_an_example(event_type: str) -> None:
    assert event_type in EVENT_EXAMPLES


@pytest.mark.parametrize("name", TRAVELLING)
def test_every_record_of_a_topic_has_an_example(name: str) -> None:
    assert name in RECORD_EXAMPLES


@pytest.mark.parametrize("event_type", sorted(EVENT_EXAMPLES))
def test_an_example_event_is_the_same_in_both_modes(event_type: str) -> None:
    plain = json.loads(EVENT_EXAMPLES[event_type].read_text())
    event = wire.event_from_mapping(plain)
    assert wire.event_to_json(event) == plain
    assert event.type == event_type
    binary = wire.encode(event)
    assert wire.decode(BY_NAME["events"], event.key.encode(), binary.value, binary.headers) == event
    structured = [("content-type", b"application/cloudevents+json; charset=utf-8")]
    assert wire.decode(BY_NAME["events"], None, json.dumps(plain).encode(), structured) == event


@pytest.mark.parametrize("name", sorted(RECORD_EXAMPLES))
def test_an_example_record_comes_back_as_it_was(name: str) -> None:
    plain = json.loads(RECORD_EXAMPLES[name].read_text())
    record: Any = parse(RECORDS[name], plain)
    assert to_plain(record) == plain
    assert codec.decode(codec.encode(record)) == record


def test_every_event_record_refuses_unknown_keys() -> None:
    assert all(issubclass(record, EventRecord) for record in EVENT_RECORDS.values())


def record(*fields: dict[str, Any], name: str = "Thing") -> dict[str, Any]:
    return {"type": "record", "name": name, "namespace": "tidings", "fields": list(fields)}


TEXT = {"name": "a", "type": "string"}
OPTIONAL = {"name": "b", "type": ["null", "string"], "default": None}
INNER = {"name": "inner", "type": record(TEXT, name="Inner")}
GROWN_INNER = {"name": "inner", "type": record(TEXT, {"name": "c", "type": "string"}, name="Inner")}
JSON_TEXT = {"type": "string", "logicalType": "json"}

COMPATIBILITY = {
    "nothing changes": (record(TEXT), record(TEXT), []),
    "an optional field is added": (record(TEXT), record(TEXT, OPTIONAL), []),
    "an optional field goes": (record(TEXT, OPTIONAL), record(TEXT), []),
    "a field is added without a default": (record(OPTIONAL), record(OPTIONAL, TEXT), ["a is added without a default"]),
    "a field without a default goes": (record(TEXT, OPTIONAL), record(OPTIONAL), ["a is removed, but had no default"]),
    "a type changes": (record(TEXT), record({"name": "a", "type": "long"}), ["a changes its type from string to long"]),
    "a field becomes optional": (
        record(TEXT),
        record({"name": "a", "type": ["null", "string"], "default": None}),
        ["a changes its type from string to null or string"],
    ),
    "text becomes JSON": (
        record(TEXT),
        record({"name": "a", "type": JSON_TEXT}),
        ["a changes its type from string to json"],
    ),
    "a list's members change": (
        record({"name": "a", "type": {"type": "array", "items": "string"}}),
        record({"name": "a", "type": {"type": "array", "items": "long"}}),
        ["a changes its type from string to long"],
    ),
    "something changes inside": (record(INNER), record(GROWN_INNER), ["inner.c is added without a default"]),
    "something changes inside an optional": (
        record({"name": "x", "type": ["null", INNER["type"]], "default": None}),
        record({"name": "x", "type": ["null", GROWN_INNER["type"]], "default": None}),
        ["x.c is added without a default"],
    ),
    "a record used twice changes": (
        record(INNER, {"name": "other", "type": "tidings.Inner"}),
        record(GROWN_INNER, {"name": "other", "type": "tidings.Inner"}),
        ["inner.c is added without a default"],
    ),
    "the name changes": (record(TEXT), record(TEXT, name="Other"), ["schema changes its type from Thing to Other"]),
}


@pytest.mark.parametrize(("old", "new", "expected"), COMPATIBILITY.values(), ids=COMPATIBILITY)
def test_two_versions_read_each_other_or_say_why_not(
    old: dict[str, Any], new: dict[str, Any], expected: list[str]
) -> None:
    assert incompatibilities(old, new) == expected


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The committed files, to be changed at will."""
    shutil.copy(HERE / "ids.json", tmp_path)
    shutil.copytree(HERE / "avro", tmp_path / "avro")
    return tmp_path


def rewrite(home: Path, name: str, field: dict[str, Any]) -> None:
    """As if the committed schema were an older one that had this field too."""
    path = home / "avro" / f"{name}.avsc"
    schema = json.loads(path.read_text())
    path.write_text(json.dumps({**schema, "fields": [*schema["fields"], field]}))


def test_a_compatible_change_gets_a_new_id_and_the_old_one_can_still_be_read(home: Path) -> None:
    rewrite(home, "Usage", OPTIONAL)
    old_id = CheckedIn(home).ids["Usage"][-1]
    assert generate(home, check=True) == ["Usage: avro/Usage.avsc is stale, run python -m schemas.generate"]
    assert generate(home) == []
    kept = CheckedIn(home)
    assert kept.ids["Usage"][-2:] == [old_id, max(id_ for ids in kept.ids.values() for id_ in ids)]
    old = kept.schema_of(old_id)
    assert old is not None
    assert OPTIONAL in old["fields"]
    assert kept.schema_of(kept.ids["Usage"][-1]) == avro_schema(RECORDS["Usage"])
    assert generate(home, check=True) == []


def test_an_incompatible_change_is_refused_and_nothing_is_written(home: Path) -> None:
    rewrite(home, "Usage", TEXT)
    before = (home / "avro" / "Usage.avsc").read_text()
    assert generate(home) == ["Usage: a is removed, but had no default"]
    assert (home / "avro" / "Usage.avsc").read_text() == before


def test_a_record_that_nobody_has_written_yet_may_change_in_any_way(home: Path) -> None:
    rewrite(home, "Usage", TEXT)
    ids = CheckedIn(home).ids
    assert generate(home, unreleased=True) == []
    assert CheckedIn(home).ids == ids
    assert generate(home, check=True) == []


def test_a_new_record_is_given_the_next_id(home: Path) -> None:
    ids = json.loads((home / "ids.json").read_text())
    del ids["Tick"]
    last = max(id_ for known in ids.values() for id_ in known)
    (home / "ids.json").write_text(json.dumps(ids))
    assert generate(home, check=True) == ["Tick: has no schema id, run python -m schemas.generate"]
    assert generate(home) == []
    assert CheckedIn(home).ids["Tick"] == [last + 1]


def test_an_id_is_never_taken_back(home: Path) -> None:
    ids = json.loads((home / "ids.json").read_text())
    (home / "ids.json").write_text(json.dumps({**ids, "Gone": [4711]}))
    assert generate(home, check=True) == ["Gone: has an id, but no record class"]


def test_an_id_that_two_branches_took_is_noticed_when_they_are_merged(home: Path) -> None:
    ids = json.loads((home / "ids.json").read_text())
    number = ids["Tick"][-1]
    (home / "ids.json").write_text(json.dumps({**ids, "Usage": [*ids["Usage"], number]}))
    assert f"schema id {number} is given to Tick, Usage" in generate(home, check=True)
