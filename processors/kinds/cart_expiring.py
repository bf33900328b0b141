"""The client is warned that an abandoned cart will be deleted."""

from processors.kind import AfterActivity, Kind
from processors.kinds.cart_idle import CART
from schemas.kind_settings import CartSettings
from schemas.words import Channel, InDoubt

KIND = Kind(
    name="cart_expiring",
    on=("cart.changed",),
    settings=CartSettings,
    channels={Channel.EMAIL: AfterActivity(setting="warning", unless_after=("expire",))},
    thread=CART,
    in_doubt=InDoubt.WAIT_THEN_RESEND,
)
