"""Prepaid credits that a tenant bought, handed to the stage that owns the purse."""

from collections.abc import Iterator

from processors.effects import Effect, Forward, Record, Tables
from processors.settings import InForce
from schemas.billing import CreditChange
from schemas.envelope import Event
from schemas.events.documents import CreditsPurchased
from schemas.topics import CHARGES


def on_credits_purchased(event: Event, _record: Record, _tables: Tables, _known: InForce) -> Iterator[Effect]:
    """Credits bought on invoice work at once, as those paid by card."""
    if not isinstance(event.data, CreditsPurchased):
        raise TypeError(f"credits.purchased carries a {type(event.data).__name__}")
    change = CreditChange(tenant=event.tenant, event_id=event.id, credits=event.data.quantity, source=event.source)
    yield Forward(topic=CHARGES.name, key=f"{event.tenant}|", value=change)
