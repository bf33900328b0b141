"""The tenant reads by email what somebody texted or mailed, who it is from and what it answers."""

from processors.kind import AtOnce, Desk, Kind
from schemas.kind_settings import KindSettings
from schemas.words import Channel, InDoubt

KIND = Kind(
    name="inbound_forward",
    on=("inbound.sms", "inbound.email"),
    audience=Desk(),
    settings=KindSettings,
    channels={Channel.EMAIL: AtOnce()},
    in_doubt=InDoubt.RESEND,
)
