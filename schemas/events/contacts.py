"""Events about contacts, their logins and what they agreed to."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.events.free import EventRecord, Patch


@dataclass(frozen=True, slots=True, kw_only=True)
class Login(EventRecord):
    """A login was made, or its password chosen or asked for."""

    username: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistered(EventRecord):
    """Somebody introduced themselves."""

    fields: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientsBatchCreated(EventRecord):
    """Staff created many contacts at once; `clients` are contact ids."""

    batch_id: str
    clients: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientsInvited(EventRecord):
    """The whole batch is asked to make logins."""

    batch_id: str
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginInvited(EventRecord):
    """One household is asked to make a login."""

    has_login: bool
    batch_id: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChanged(EventRecord):
    """Portal or staff recorded a choice; a list that is absent stays as it was."""

    address: str
    opted_out: tuple[str, ...] | None = None
    opted_in: tuple[str, ...] | None = None
    suppressed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsubscribeClicked(EventRecord):
    """A one-click unsubscribe (RFC 8058)."""

    token: str


RECORDS: dict[str, type[EventRecord]] = {
    "settings.changed": Patch,
    "contact.changed": Patch,
    "login.created": Login,
    "password.chosen": Login,
    "password.reset_requested": Login,
    "client.registered": ClientRegistered,
    "clients.batch_created": ClientsBatchCreated,
    "clients.invited": ClientsInvited,
    "login.invited": LoginInvited,
    "consent.changed": ConsentChanged,
    "unsubscribe.clicked": UnsubscribeClicked,
}
