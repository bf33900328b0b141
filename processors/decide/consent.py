"""A change of consent by the portal or by staff, handed to the stage that owns addresses."""

from collections.abc import Iterator

from processors.effects import Effect, Forward, Record, Tables
from processors.phones import canonical_address
from processors.settings import InForce
from schemas.consent import EVERYTHING, MARKETING, ConsentChange
from schemas.envelope import Event
from schemas.events.contacts import ConsentChanged
from schemas.settings import Settings
from schemas.topics import CONSENT_CHANGES


def on_consent_changed(event: Event, _record: Record, _tables: Tables, known: InForce) -> Iterator[Effect]:
    """The address decides the partition, not the contact: two contacts may share a phone."""
    if not isinstance(event.data, ConsentChanged):
        raise TypeError(f"consent.changed carries a {type(event.data).__name__}")
    change = ConsentChange(
        tenant=event.tenant,
        address=canonical_address(event.data.address, known.settings.country),
        event_id=event.id,
        opted_out=_spelt(event.data.opted_out, known.settings),
        opted_in=_spelt(event.data.opted_in, known.settings),
        suppressed=event.data.suppressed,
    )
    yield Forward(topic=CONSENT_CHANGES.name, key=change.key, value=change)


def _spelt(scopes: tuple[str, ...] | None, settings: Settings) -> tuple[str, ...] | None:
    """Scopes and programmes as messages name them: `Marketing` is a no to marketing, too; any other stays as it is."""
    if not scopes:
        return scopes
    categories = (own.category for own in settings.kinds.values())
    own_words = {word.casefold(): word for word in (*settings.programmes, *categories, EVERYTHING, MARKETING)}
    return tuple(dict.fromkeys(own_words.get(scope.strip().casefold(), scope) for scope in scopes))
