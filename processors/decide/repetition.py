"""What a contact is told only once about one thing, however many events say so (`Kind.once_per`).

Guarantee: once a message about the thing went to dispatch with an address, no second one does, unless dispatch says
that it was dropped. So a contact without an address, or a tenant whose emails were not activated, may try again.
"""

from collections.abc import Iterator

from processors.decide.objections import Refusal
from processors.decide.tables import SAID
from processors.effects import Delete, Put, Tables, prefix_end, row_key
from processors.kind import Kind
from processors.occasion import Occasion
from schemas.candidate import Candidate
from schemas.reasons import Reason
from schemas.state import Said
from schemas.unsaid import Unsaid
from schemas.words import Channel

SAID_TO_ONE_CONTACT = 10_000
"""How many rows of one contact a scan takes; nobody is invited so often."""


def already_said(kind: Kind, channel: Channel, occasion: Occasion) -> Refusal | None:
    """The message that said it before; None for an event that names no such thing."""
    row = _row(kind, channel, occasion)
    said = occasion.tables.get(SAID, row) if row else None
    if said is None:
        return None
    facts = {str(kind.once_per): occasion.data[str(kind.once_per)], "said_for": said.event_id}
    return Refusal(reason=Reason.DUPLICATE.of(said.message_id), facts=facts)


def note_said(kind: Kind, candidate: Candidate, occasion: Occasion) -> Put | None:
    """Remember a message that has where to go."""
    row = _row(kind, candidate.channel, occasion)
    if row is None or not candidate.recipient.to:
        return None
    said = Said(message_id=candidate.message_id, event_id=occasion.event.id)
    return Put(table=SAID, key=row, value=said)


def take_back(unsaid: Unsaid, tables: Tables) -> Iterator[Delete]:
    """Forget a message that was dropped."""
    own = row_key(unsaid.tenant, unsaid.contact, "")
    for row, said in tables.range(SAID, own, prefix_end(own), SAID_TO_ONE_CONTACT):
        if said.message_id == unsaid.message_id:
            yield Delete(table=SAID, key=row)


def _row(kind: Kind, channel: Channel, occasion: Occasion) -> str | None:
    thing = occasion.data.get(kind.once_per) if kind.once_per else None
    if thing is None:
        return None
    return row_key(occasion.event.tenant, occasion.event.subject, kind.name, channel, str(thing))
