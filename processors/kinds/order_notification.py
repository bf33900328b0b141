"""Staff who pack orders are told what was ordered."""

from processors.kind import AtOnce, Kind, Staff
from processors.kinds.order_confirmation import completed_or_edited_by_client, order_variables
from schemas.kind_settings import OrderNotificationSettings
from schemas.words import Channel

KIND = Kind(
    name="order_notification",
    on=("order.completed", "order.edited"),
    when=completed_or_edited_by_client,
    audience=Staff(role="storefront_notification"),
    settings=OrderNotificationSettings,
    channels={Channel.EMAIL: AtOnce()},
    variables=order_variables,
)
