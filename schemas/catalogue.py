"""Every record class that travels on a topic or is kept in a table, by its name."""

import inspect
from dataclasses import is_dataclass

from schemas import places, purse, state
from schemas.contact import Contact
from schemas.envelope import Event
from schemas.events import EVENT_RECORDS, FreeRecord
from schemas.topics import TOPICS


def _found() -> dict[str, type]:
    travelling = [record for topic in TOPICS for record in topic.records if record is not Event]
    kept = [
        cls
        for module in (state, places, purse)
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__ == module.__name__
    ]
    records: dict[str, type] = {}
    for record in (*travelling, *filter(is_dataclass, kept), Contact, *EVENT_RECORDS.values(), FreeRecord):
        if records.setdefault(record.__name__, record) is not record:
            raise TypeError(f"two records are called {record.__name__}: {record!r} and {records[record.__name__]!r}")
    return records


RECORDS: dict[str, type] = _found()
"""Name → class. The envelope is not among them: it travels as headers."""
