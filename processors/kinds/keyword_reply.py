"""Whoever texts a keyword is answered once, on the number that was written to, or by email as the text came."""

from processors.kind import AtOnce, Kind, Writer
from schemas.kind_settings import KindSettings
from schemas.words import Channel, InDoubt, Lane

KIND = Kind(
    name="keyword_reply",
    on=("inbound.sms", "inbound.email"),
    audience=Writer(),
    settings=KindSettings,
    channels={Channel.SMS: AtOnce(), Channel.SHORT_CODE: AtOnce()},
    is_awaited=True,
    lane=Lane.URGENT,
    in_doubt=InDoubt.WAIT_THEN_RESEND,
)
