"""docs/reference/records.md: what travels on topics other than events, and the contact."""

from schemas.contact import Contact
from schemas.envelope import Event
from schemas.topics import COMMANDS, LEDGERS, TOPICS
from schemas.words import Status
from tidings.docs.examples import example_of
from tidings.docs.fields import field_table, nested_parts
from tidings.docs.markdown import code, heading, listed, page, table
from tidings.docs.meanings import MEANINGS
from tidings.docs.wording import sentences

_INTRO = """
Records are Avro in Confluent's wire format: a zero byte, the schema's id in four bytes, the body. The schemas are
`schemas/avro/*.avsc`, their ids `schemas/ids.json`. In Avro a time is `timestamp-micros`; amounts, words of closed sets
and free maps are strings, a free map as JSON. `tidings tail TOPIC --json` prints any topic decoded.
"""
DESCRIBED: tuple[type, ...] = (
    *dict.fromkeys(record for topic in TOPICS for record in topic.records if record is not Event),
    Contact,
)
"""The records of the page, in the order of their topics."""
_STATUSES = """
Reports may repeat and come out of order. Within one attempt only a higher one changes anything; a new attempt starts at
the bottom.
"""


def records() -> str:
    """The page."""
    parts: list[str] = []
    for record in DESCRIBED:
        parts += [heading(record.__name__), sentences(record), _topics(record), field_table(record, MEANINGS)]
        parts.append(example_of("records", record.__name__))
    parts += [heading("Parts of records"), *nested_parts(DESCRIBED, MEANINGS)]
    return page("Records", "`schemas/`", _INTRO, *parts, heading("Statuses"), _STATUSES, _statuses())


def _topics(record: type) -> str:
    if record is Contact:
        return "What the patches of `contact.changed` make together; see [events](events.md)."
    names = [topic.name for topic in TOPICS if record in topic.records and topic not in COMMANDS + LEDGERS]
    names += ["delivery.commands.<channel>.<lane>"] if record in COMMANDS[0].records else []
    names += ["ledger.<channel>"] if record in LEDGERS[0].records else []
    return f"On {listed(names)}."


def _statuses() -> str:
    rows = [
        (code(status), str(status.rank), "yes" if status.is_final else "no", "yes" if status.is_billable else "no")
        for status in sorted(Status, key=lambda each: each.rank)
    ]
    return table(("status", "height", "final for its attempt", "can be charged"), rows)
