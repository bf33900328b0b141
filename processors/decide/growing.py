"""An audience that one event lists and later ones add to, such as the stops of a route.

What was opened is kept where the tenant's events without subject are. Who is added before that waits for it.
"""

from collections.abc import Iterator

from processors.decide.batches import chunks, send_out
from processors.decide.objections import Refusal, dropped
from processors.decide.tables import AWAITING, BEGUN
from processors.decisions import decided
from processors.effects import Delete, Effect, Put, prefix_end, row_key
from processors.kind import Kind, Listed
from processors.occasion import Occasion
from schemas.event_data import data_to_plain
from schemas.reasons import Reason
from schemas.replacing import replace
from schemas.state import Begun, Parked
from schemas.wire import event_from_mapping, event_to_json
from schemas.words import Outcome

AWAITING_ONE_OPENING = 10_000


def call_listed(listed: Listed, kind: Kind, occasion: Occasion) -> Iterator[Effect]:
    """Send the event to those whom it lists or adds."""
    event = occasion.event
    row = row_key(event.tenant, listed.opened_by, str(occasion.data[listed.by]))
    if event.type == listed.opened_by:
        yield from _open(listed, kind, row, occasion)
    elif occasion.tables.get(BEGUN, row) is not None:
        yield from send_out(event, chunks([str(occasion.data[listed.member])]))
    else:
        yield from _wait(listed, kind, row, occasion)


def _open(listed: Listed, kind: Kind, row: str, occasion: Occasion) -> Iterator[Effect]:
    """Nobody is told who else was listed: the event travels without its list, which would also make it heavy."""
    event, tables = occasion.event, occasion.tables
    if tables.get(BEGUN, row) is None:
        yield Put(table=BEGUN, key=row, value=Begun(since=event.time, event_id=event.id))
    members = [member for member in getattr(event.data, listed.members) if member]
    if not members:
        nobody = Refusal(reason=Reason.NO_ADDRESS.of(f"field:{listed.members}"), facts={listed.members: []})
        yield from (dropped(kind, occasion, channel, nobody) for channel in kind.channels)
    alone = replace(event, data=replace(event.data, **{listed.members: ()}))
    yield from send_out(alone, chunks(members))
    place = row_key(row, "")
    for waiting_row, waiting in tables.range(AWAITING, place, prefix_end(place), AWAITING_ONE_OPENING):
        yield Delete(table=AWAITING, key=waiting_row)
        added = event_from_mapping(waiting.event)
        yield from send_out(added, chunks([str(data_to_plain(added.data)[listed.member])]))


def _wait(listed: Listed, kind: Kind, row: str, occasion: Occasion) -> Iterator[Effect]:
    event = occasion.event
    waiting = Parked(event=event_to_json(event), at=occasion.record.now)
    yield Put(table=AWAITING, key=row_key(row, event.source, event.id), value=waiting)
    for channel in kind.channels:
        yield decided(
            event,
            occasion.record,
            occasion.known,
            outcome=Outcome.SCHEDULED,
            kind=kind.name,
            channel=channel,
            contact=str(occasion.data[listed.member]),
            facts={listed.by: occasion.data[listed.by], "waits_for": listed.opened_by},
        )
