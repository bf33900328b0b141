"""A household without a login is asked to make one, alone or with its whole batch: once per batch."""

from processors.kind import AtOnce, Batch, HasLogin, Kind
from schemas.kind_settings import KindSettings
from schemas.words import Channel, InDoubt

KIND = Kind(
    name="login_invitation",
    on=("login.invited", "clients.invited"),
    audience=Batch(
        whole="clients.invited",
        listed_by="clients.batch_created",
        members="clients",
        by="batch_id",
    ),
    unless=(HasLogin(),),
    once_per="batch_id",
    settings=KindSettings,
    channels={Channel.EMAIL: AtOnce()},
    in_doubt=InDoubt.WAIT_THEN_RESEND,
)
