"""The audit itself: records become notes, and the notes on each thing are held against one another."""

from collections.abc import Iterable
from contextlib import aclosing, suppress
from pathlib import Path

from schemas import wire
from schemas.billing import Invoice, Terms
from schemas.faults import Unreadable
from schemas.topics import Topic
from streams.client import Stored, read_to_end
from tidings.audit.agreement import look_at_agreement
from tidings.audit.alone import faults_of
from tidings.audit.asked import look_at_way
from tidings.audit.bills import InvoiceLines, look_at_bill
from tidings.audit.blocks import look_at_blocks
from tidings.audit.consents import look_at_address
from tidings.audit.events import look_at_event, look_at_place
from tidings.audit.findings import Findings
from tidings.audit.followed import look_at_erasure, look_at_followed
from tidings.audit.messages import dossier, look_at_message
from tidings.audit.notes import Notebook, What
from tidings.audit.placed import Placed
from tidings.audit.records import AUDITED, notes_on
from tidings.audit.scope import Scope
from tidings.audit.versions import look_at_settings
from tidings.config import Kafka

_LAWS_OF_REPEATS = {What.COMMAND: 2, What.CHANGE: 3, What.VERSION: 6, What.USAGE: 6, What.INVOICE: 6}
"""Under which law a record that stands twice is named; any other under the first."""


class Audit:
    """One audit: give it all records, then ask what they come to."""

    def __init__(self, folder: Path | None = None) -> None:
        self._notebook = Notebook(folder)
        self._lines = InvoiceLines()
        self._findings = Findings()

    def close(self) -> None:
        """Remove the notes."""
        self._notebook.close()

    def take(self, record: Placed) -> None:
        """Note one record; an invoice that stands twice is noted as such, and its messages once."""
        for says in faults_of(record):
            self._findings.differ(1, f"record {record.place}", says)
        notes = notes_on(record)
        if isinstance(record.value, Terms):
            self._lines.agree(record.value)
        if isinstance(record.value, Invoice) and not self._lines.read(record.value, self._findings):
            notes = (note for note in notes if note.what is What.INVOICE)
        self._notebook.add(notes)

    def findings(self, scope: Scope) -> Findings:
        """Compare everything that was noted."""
        for about, notes in self._notebook.things():
            kind, *names = about.split("\0")
            match kind:
                case "event":
                    look_at_event(names[0], names[1], notes, scope, self._findings)
                case "place":
                    look_at_place(names[0], notes, scope, self._findings)
                case "address":
                    look_at_address(notes, scope, self._findings)
                case "message":
                    found = dossier(names[0], notes)
                    look_at_message(found, scope, self._findings)
                    look_at_agreement(found, self._findings)
                    look_at_way(found, scope, self._findings)
                    look_at_followed(found, scope, self._findings)
                    look_at_bill(found, self._lines, scope, self._findings)
                case "erasure":
                    look_at_erasure(f"event {'/'.join(names)}", notes, scope, self._findings)
                case "blocks":
                    look_at_blocks(names[0], notes, scope, self._findings)
                case "settings":
                    look_at_settings(names[0], notes, scope, self._findings)
                case _:
                    all(notes)
        self._lines.look(self._findings)
        for about, what, times in self._notebook.repeats():
            kind, *names = about.split("\0")
            says = f"the same {what} record stands {times} times on its topic"
            self._findings.differ(_LAWS_OF_REPEATS.get(what, 1), f"{kind} {'/'.join(names)}", says, is_repeat=True)
        return self._findings


async def audit_kafka(kafka: Kafka, audit: Audit) -> None:
    """Give an audit all records of an installation."""
    for topic in AUDITED:
        async with aclosing(read_to_end(kafka, topic)) as stored_records:
            async for stored in stored_records:
                audit.take(_placed(topic, stored))


def _placed(topic: Topic, stored: Stored) -> Placed:
    position, value = stored.position, None
    with suppress(Unreadable):
        value = wire.decode(topic, stored.key, stored.value, stored.headers)
    key = (stored.key or b"").decode(errors="replace")
    return Placed(
        value=value,
        at=position.at,
        topic=topic.name,
        partition=position.partition,
        offset=position.offset,
        key=key,
    )


def audited(records: Iterable[Placed], scope: Scope) -> Findings:
    """What an audit of these records comes to."""
    audit = Audit()
    try:
        for record in records:
            audit.take(record)
        return audit.findings(scope)
    finally:
        audit.close()
