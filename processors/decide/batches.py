"""Batches: whom a list names, and an event on its way to all of them, however many partitions they live in.

The lists of a tenant are kept where its events without subject are. An event for a whole batch goes out through topic
`audience`, first in chunks and then one by one, and is answered where each contact's state is. One that comes before
its list waits for it.
"""

from collections.abc import Iterable, Iterator

from processors.decide.tables import AWAITING, ROSTERS
from processors.decisions import decided
from processors.effects import Delete, Effect, Forward, Put, Record, Tables, prefix_end, row_key
from processors.kind import Batch, Kind
from processors.occasion import Occasion
from schemas.envelope import Event
from schemas.event_data import data_to_plain
from schemas.portion import Portion
from schemas.reasons import Reason
from schemas.state import Parked, Roster
from schemas.topics import AUDIENCE
from schemas.wire import event_from_mapping, event_to_json
from schemas.words import Outcome

CONTACTS_PER_CHUNK = 500
"""How many records one portion becomes; it bounds what a single record can cause."""
CHUNKS_PER_BATCH = 10_000
AWAITING_PER_BATCH = 1_000


def enlist(event: Event, batch: Batch, tables: Tables) -> Iterator[Effect]:
    """Remember whom an event lists, beside those of other events of the same batch; what waited for them goes out."""
    fields = data_to_plain(event.data)
    members = [contact for contact in fields[batch.members] if contact]
    place = _place(event, batch, str(fields[batch.by]))
    for number, chunk in enumerate(chunks(members)):
        row = place + row_key(event.source, event.id, f"{number * CONTACTS_PER_CHUNK:07d}")
        yield Put(table=ROSTERS, key=row, value=Roster(contacts=chunk))
    for row, waiting in tables.range(AWAITING, place, prefix_end(place), AWAITING_PER_BATCH if members else 0):
        yield Delete(table=AWAITING, key=row)
        yield from send_out(event_from_mapping(waiting.event), _rosters(place, tables))


def call_together(batch: Batch, kind: Kind, occasion: Occasion) -> Iterator[Effect]:
    """Send the event to every contact of its batch; while nobody is listed it waits."""
    event = occasion.event
    name = str(occasion.data[batch.by])
    place = _place(event, batch, name)
    rosters = _rosters(place, occasion.tables)
    if rosters:
        yield from send_out(event, rosters)
        return
    waiting = Parked(event=event_to_json(event), at=occasion.record.now)
    yield Put(table=AWAITING, key=place + row_key(event.source, event.id), value=waiting)
    for channel in kind.channels:
        yield decided(
            event,
            occasion.record,
            occasion.known,
            outcome=Outcome.HELD,
            reason=Reason.NO_ADDRESS.of(f"field:{batch.by}"),
            kind=kind.name,
            channel=channel,
            facts={batch.by: name, "waits_for": batch.listed_by},
        )


def chunks(contacts: Iterable[str]) -> list[tuple[str, ...]]:
    """The contacts, each once, in groups that one record may become."""
    once = tuple(dict.fromkeys(contacts))
    return [once[start : start + CONTACTS_PER_CHUNK] for start in range(0, len(once), CONTACTS_PER_CHUNK)]


def has_arrived(portion: Portion, record: Record) -> bool:
    """Whether the portion is where its one contact's state is."""
    return len(portion.contacts) == 1 and record.key == _key(portion, portion.contacts[0])


def divide(portion: Portion) -> Iterator[Effect]:
    """Each contact gets a portion under its own key."""
    for contact in portion.contacts:
        alone = Portion(tenant=portion.tenant, event_id=portion.event_id, event=portion.event, contacts=(contact,))
        yield Forward(topic=AUDIENCE.name, key=_key(portion, contact), value=alone)


def send_out(event: Event, groups: Iterable[tuple[str, ...]]) -> Iterator[Effect]:
    """Let the event travel to the contacts of each group."""
    plain = event_to_json(event)
    for group in groups:
        portion = Portion(tenant=event.tenant, event_id=event.id, event=plain, contacts=group)
        yield Forward(topic=AUDIENCE.name, key=_key(portion, group[0] if len(group) == 1 else ""), value=portion)


def _place(event: Event, batch: Batch, name: str) -> str:
    """What the rows of one batch of a tenant begin with."""
    return row_key(event.tenant, batch.listed_by, name, "")


def _rosters(place: str, tables: Tables) -> list[tuple[str, ...]]:
    return [roster.contacts for _, roster in tables.range(ROSTERS, place, prefix_end(place), CHUNKS_PER_BATCH)]


def _key(portion: Portion, contact: str) -> str:
    return f"{portion.tenant}|{contact}"
