"""The client is told that staff changed an order, by email and by text."""

from collections.abc import Mapping

from processors.kind import AtOnce, Kind, Missing, Switch
from schemas.candidate import Cause
from schemas.envelope import Event
from schemas.kind_settings import KindSettings, OrderAlteredSettings
from schemas.reasons import Reason
from schemas.words import ActorKind, Channel


def edited_by_staff(event: Event) -> bool:
    """Only what staff edited: clients know what they changed themselves."""
    return event.actor.kind is ActorKind.STAFF


def own_words(_cause: Cause, own: KindSettings) -> Mapping[str, object]:
    """The tenant's own `email_content` and `sms_content`."""
    return {name: getattr(own, name, None) for name in ("email_content", "sms_content")}


KIND = Kind(
    name="order_altered",
    on=("appointment.edited", "visit.edited"),
    when=edited_by_staff,
    settings=OrderAlteredSettings,
    switches=(Switch(key="notify_client_of_order_edits"),),
    unless=(Missing(field="order_id", reason=Reason.NOT_LINKED_TO_ORDER),),
    channels={Channel.EMAIL: AtOnce(), Channel.SMS: AtOnce()},
    number="primary",
    variables=own_words,
)
