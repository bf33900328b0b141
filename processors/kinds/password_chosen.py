"""A client who chose a password is told so."""

from processors.kind import AtOnce, Kind
from schemas.kind_settings import KindSettings
from schemas.words import Channel, InDoubt, Lane

KIND = Kind(
    name="password_chosen",
    on=("password.chosen",),
    settings=KindSettings,
    channels={Channel.EMAIL: AtOnce()},
    lane=Lane.URGENT,
    in_doubt=InDoubt.RESEND,
)
