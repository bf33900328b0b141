"""A change of consent by the portal or by staff, handed to the stage that owns addresses."""

from collections.abc import Iterator

from processors.effects import Effect, Forward, Record, Tables
from processors.phones import canonical_address
from processors.settings import InForce
from schemas.consent import ConsentChange
from schemas.envelope import Event
from schemas.events.contacts import ConsentChanged
from schemas.topics import CONSENT_CHANGES


def on_consent_changed(event: Event, _record: Record, _tables: Tables, known: InForce) -> Iterator[Effect]:
    """The address decides the partition, not the contact: two contacts may share a phone."""
    if not isinstance(event.data, ConsentChanged):
        raise TypeError(f"consent.changed carries a {type(event.data).__name__}")
    change = ConsentChange(
        tenant=event.tenant,
        address=canonical_address(event.data.address, known.settings.country),
        event_id=event.id,
        opted_out=event.data.opted_out,
        opted_in=event.data.opted_in,
        suppressed=event.data.suppressed,
    )
    yield Forward(topic=CONSENT_CHANGES.name, key=change.key, value=change)
