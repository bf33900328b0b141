"""The client is told that an abandoned cart was deleted, and everybody else by the event `cart.expired`."""

from processors.kind import AfterActivity, Kind, OwnEvent
from processors.kinds.cart_idle import CART
from schemas.kind_settings import CartSettings
from schemas.words import Channel, InDoubt

EXPIRY = AfterActivity(setting="expire")

KIND = Kind(
    name="cart_expired",
    on=("cart.changed",),
    settings=CartSettings,
    channels={Channel.EMAIL: EXPIRY},
    emits=OwnEvent(event_type="cart.expired", at=EXPIRY),
    thread=CART,
    in_doubt=InDoubt.WAIT_THEN_RESEND,
)
