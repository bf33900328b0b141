"""The client hears of what was written in a conversation: quick messages as one, in their order."""

from processors.kind import DigestWindow, Kind
from schemas.kind_settings import ConversationSettings
from schemas.words import Channel, InDoubt

WINDOW = DigestWindow(
    by="conversation_id",
    joins="text",
    window="window",
    max_window="max_window",
    closed_by="send_now",
)

KIND = Kind(
    name="conversation",
    on=("conversation.message_posted",),
    settings=ConversationSettings,
    channels={Channel.EMAIL: WINDOW, Channel.SMS: WINDOW},
    asks_for_boxes=True,
    in_doubt=InDoubt.WAIT_THEN_RESEND,
)
