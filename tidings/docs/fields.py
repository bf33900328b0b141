"""The table of a record's fields, and of the records that it is made of."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields

from tidings.docs.markdown import code, heading, table
from tidings.docs.wording import default_words, hints_of, is_required, nested_records, sentences, type_words, wire_name

_COLUMNS = ("field", "type", "needed", "default", "meaning")


def field_table(record: type, meanings: Mapping[str, str], *, without: Iterable[str] = ()) -> str:
    """One row per field; `meanings` is asked for `Record.field`, then for `field`."""
    hidden = frozenset(without)
    rows = []
    for field in fields(record):
        if field.name in hidden:
            continue
        name = wire_name(record, field)
        meaning = meaning_of(record, name, meanings)
        needed = "yes" if is_required(field) else ""
        rows.append((code(name), type_words(hints_of(record)[field.name]), needed, default_words(field), meaning))
    return table(_COLUMNS, rows) if rows else ""


def meaning_of(record: type, name: str, meanings: Mapping[str, str]) -> str:
    """What a field means: as this record has it, as the record it inherits from has it, or wherever it stands."""
    owners = (f"{owner.__name__}.{name}" for owner in record.__mro__)
    return next((meanings[each] for each in (*owners, name) if each in meanings), "")


def nested_parts(records: Collection[type], meanings: Mapping[str, str]) -> list[str]:
    """Headings and tables of all records that these are made of, each once."""
    told = dict.fromkeys(records)
    parts: list[str] = []
    for record in records:
        for inner in nested_records(record):
            if inner not in told:
                told[inner] = None
                parts += [heading(inner.__name__, 3), sentences(inner), field_table(inner, meanings)]
    return parts
