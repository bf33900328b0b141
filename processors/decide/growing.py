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
from schemas.envelope import Event
from schemas.event_data import data_to_plain
from schemas.reasons import Reason
from schemas.replacing import replace
from schemas.state import Begun, Parked
from schemas.wire import event_from_mapping, event_to_json
from schemas.words import Outcome

AWAITING_ONE_OPENING = 10_000


def call_listed(listed: Listed, kind: Kind, occasion: Occasion) -> Iterator[Effect]:
    """Send the event to those whom it lists or adds."""
    event, row = occasion.event, _row(listed, occasion)
    if event.type == listed.opened_by:
        yield from _tell_listed(listed, kind, occasion)
        yield from begin(listed, occasion)
        return
    begun = occasion.tables.get(BEGUN, row)
    if begun is None:
        yield from _wait(listed, kind, row, occasion)
    else:
        yield from _tell_added(listed, event, begun)


def begin(listed: Listed, occasion: Occasion) -> Iterator[Effect]:
    """Remember what was opened, also where the kind is off and nobody is told; who was added before waits no more."""
    event, tables, row = occasion.event, occasion.tables, _row(listed, occasion)
    if event.type != listed.opened_by:
        return
    begun = tables.get(BEGUN, row)
    if begun is None:
        begun = Begun(since=event.time, event_id=event.id)
        yield Put(table=BEGUN, key=row, value=begun)
    place = row_key(row, "")
    for waiting_row, waiting in tables.range(AWAITING, place, prefix_end(place), AWAITING_ONE_OPENING):
        yield Delete(table=AWAITING, key=waiting_row)
        yield from _tell_added(listed, event_from_mapping(waiting.event), begun)


def _tell_added(listed: Listed, added: Event, begun: Begun) -> Iterator[Effect]:
    """Who was added the evening before is told of a route of today: its day is that of the start."""
    told = replace(added, time=max(added.time, begun.since))
    yield from send_out(told, chunks([str(data_to_plain(added.data)[listed.member])]))


def _tell_listed(listed: Listed, kind: Kind, occasion: Occasion) -> Iterator[Effect]:
    """Nobody is told who else was listed: the event travels without its list, which would also make it heavy."""
    event = occasion.event
    members = [member for member in getattr(event.data, listed.members) if member]
    if not members:
        nobody = Refusal(reason=Reason.NO_ADDRESS.of(f"field:{listed.members}"), facts={listed.members: []})
        yield from (dropped(kind, occasion, channel, nobody) for channel in kind.channels)
    alone = replace(event, data=replace(event.data, **{listed.members: ()}))
    yield from send_out(alone, chunks(members))


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


def _row(listed: Listed, occasion: Occasion) -> str:
    return row_key(occasion.event.tenant, listed.opened_by, str(occasion.data[listed.by]))
