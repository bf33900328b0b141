"""The client is told what was ordered, and whether it is the result of an edit."""

from collections.abc import Mapping

from processors.kind import AtOnce, Kind, Switch
from schemas.candidate import Cause
from schemas.envelope import Event
from schemas.kind_settings import KindSettings, OrderConfirmationSettings
from schemas.words import ActorKind, Channel


def completed_or_edited_by_client(event: Event) -> bool:
    """An order that staff edited is told by `order_altered`, not confirmed again (contract section 5)."""
    return event.type == "order.completed" or event.actor.kind is ActorKind.CLIENT


def order_variables(cause: Cause, own: KindSettings) -> Mapping[str, object]:
    """`edited`, and the tenant's own header `content`."""
    return {"edited": cause.type == "order.edited", "content": getattr(own, "content", None)}


KIND = Kind(
    name="order_confirmation",
    on=("order.completed", "order.edited"),
    when=completed_or_edited_by_client,
    settings=OrderConfirmationSettings,
    switches=(Switch(key="send_confirmation_email"),),
    channels={Channel.EMAIL: AtOnce()},
    variables=order_variables,
)
