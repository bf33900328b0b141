"""A client who asked for a new password is told where to choose it."""

from processors.kind import AtOnce, Kind
from schemas.kind_settings import KindSettings
from schemas.words import Channel, InDoubt, Lane

KIND = Kind(
    name="password_reset",
    on=("password.reset_requested",),
    settings=KindSettings,
    channels={Channel.EMAIL: AtOnce()},
    lane=Lane.URGENT,
    in_doubt=InDoubt.RESEND,
)
