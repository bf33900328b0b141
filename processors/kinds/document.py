"""The client gets a document: by email, and a text that leads to it, as the boxes say."""

from processors.kind import AtOnce, Kind
from schemas.kind_settings import KindSettings
from schemas.words import Channel, InDoubt

KIND = Kind(
    name="document",
    on=("document.sent",),
    settings=KindSettings,
    channels={Channel.EMAIL: AtOnce(), Channel.SMS: AtOnce()},
    asks_for_boxes=True,
    dispatch_boxes={Channel.EMAIL: "email", Channel.SMS: "sms"},
    in_doubt=InDoubt.WAIT_THEN_RESEND,
)
