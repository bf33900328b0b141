"""Staff hear of somebody who registered and now waits for them."""

from collections.abc import Mapping

from processors.kind import AtOnce, Kind, Staff, Switch
from schemas.candidate import Cause
from schemas.kind_settings import KindSettings, RegistrationNotificationSettings
from schemas.reasons import Reason
from schemas.words import Channel


def own_header(_cause: Cause, own: KindSettings) -> Mapping[str, object]:
    """The tenant's own header `content`."""
    return {"content": getattr(own, "content", None)}


KIND = Kind(
    name="registration_notification",
    on=("client.registered",),
    audience=Staff(role="storefront_notification"),
    settings=RegistrationNotificationSettings,
    switches=(Switch(key="stop_after_registration", reason=Reason.WORKFLOW_NOT_STOP_AFTER_REGISTRATION),),
    channels={Channel.EMAIL: AtOnce()},
    variables=own_header,
)
