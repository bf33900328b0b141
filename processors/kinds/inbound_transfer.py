"""A call to the number that texts come from is put through to the tenant's main phone."""

from processors.kind import AtOnce, Kind, MainPhone, Soon
from schemas.kind_settings import KindSettings
from schemas.words import Channel, InDoubt, Lane

KIND = Kind(
    name="inbound_transfer",
    on=("inbound.call",),
    audience=MainPhone(caller="from"),
    settings=KindSettings,
    channels={Channel.VOICE: AtOnce()},
    useful_until=Soon(minutes=2),
    is_awaited=True,
    lane=Lane.URGENT,
    in_doubt=InDoubt.DROP,
)
