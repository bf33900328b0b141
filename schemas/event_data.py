"""The `data` of an event as JSON: its type's record, a merge patch as it is, or a free map."""

from typing import Any

from schemas.events import EVENT_RECORDS, EventRecord, FreeRecord, Patch
from schemas.faults import Fault, Refused
from schemas.validation import parse_checked, shown_value, to_plain


def record_class(event_type: str) -> type[EventRecord] | None:
    """The record of this event type; None for an unknown type that is not `word.word`."""
    known = EVENT_RECORDS.get(event_type)
    if known is None and event_type.count(".") == 1:
        return FreeRecord
    return known


def data_from_plain(record: type[EventRecord], plain: object) -> EventRecord:
    """The record that the JSON of `data` says, which `check_json` let through; Refused with paths under `data`."""
    if record is Patch:
        return Patch(patch=None if plain is None else _map(plain))
    if record is FreeRecord:
        return FreeRecord(values=_map(plain))
    return parse_checked(record, plain, "data")


def data_to_plain(record: EventRecord) -> Any:
    """The JSON of `data`."""
    if isinstance(record, Patch):
        return record.patch
    if isinstance(record, FreeRecord):
        return record.values
    return to_plain(record)


def _map(plain: object) -> dict[str, object]:
    if not isinstance(plain, dict):
        raise Refused(Fault(path="data", reason=f"must be a map, not {shown_value(plain)}"))
    return plain
