"""A person writes to one contact, by the channel of that person's choice."""

from processors.kind import AtOnce, Kind, Named, NotPermitted
from schemas.kind_settings import OnDemandSettings
from schemas.words import Channel, InDoubt, Lane

KIND = Kind(
    name="on_demand",
    on=("message.requested",),
    audience=Named(field="to"),
    unless=(NotPermitted(setting="roles"),),
    settings=OnDemandSettings,
    channels={channel: AtOnce() for channel in (Channel.EMAIL, Channel.SMS, Channel.VOICE, Channel.LETTER)},
    channel_in="channel",
    number="primary",
    lane=Lane.URGENT,
    in_doubt=InDoubt.WAIT_THEN_RESEND,
)
