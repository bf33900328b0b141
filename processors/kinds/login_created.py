"""A client who signed up is told that the login exists."""

from processors.kind import AtOnce, Kind, Switch
from schemas.kind_settings import LoginCreatedSettings
from schemas.words import Channel

KIND = Kind(
    name="login_created",
    on=("login.created",),
    settings=LoginCreatedSettings,
    switches=(Switch(key="expose_sign_up"),),
    channels={Channel.EMAIL: AtOnce()},
)
