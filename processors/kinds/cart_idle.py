"""The client is reminded of a cart that has lain idle."""

from processors.kind import AfterActivity, Kind, Thread
from schemas.kind_settings import CartSettings
from schemas.words import Channel, InDoubt

CART = Thread(
    field="cart_id",
    opened_by=("cart.changed",),
    moved_by=("cart.changed",),
    ended_by=("cart.checked_out",),
)
"""Any activity starts the clock of all three stages again; checking out ends them."""

KIND = Kind(
    name="cart_idle",
    on=("cart.changed",),
    settings=CartSettings,
    channels={Channel.EMAIL: AfterActivity(setting="idle", unless_after=("warning", "expire"))},
    thread=CART,
    in_doubt=InDoubt.WAIT_THEN_RESEND,
)
