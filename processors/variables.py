"""Variables: who is who and what happened, as templates and criteria see it (contract section 11, Variables)."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from schemas.candidate import Cause
from schemas.contact import Contact
from schemas.making import made_quickly
from schemas.settings import Settings
from schemas.validation import to_plain


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class TenantFacts:
    """What templates may say of the tenant."""

    id: str
    name: str
    currency: str
    portal_url: str | None = None
    main_phone: str | None = None
    contact_email: str | None = None


_ACTOR = ("actor", "agent", "user")
_PEOPLE = frozenset({"contact", "customer"})
WHO_IS_WHO = frozenset({"tenant", "event", *_PEOPLE, *_ACTOR})


def who_is_who(
    cause: Cause,
    contact: Contact | None,
    data: Mapping[str, object],
    tenant: str,
    settings: Settings,
    names: AbstractSet[str] = WHO_IS_WHO,
) -> dict[str, object]:
    """The event's fields (`data`) at the top, over them the tenant, the people and the event itself.

    Of these only the `names` that are asked for, and always the tenant.
    """
    said = {**data, "tenant": _tenant(tenant, settings)}
    if not names.isdisjoint(_PEOPLE):
        about = _contact(contact)
        said["contact"] = about
        if "customer" in names:
            said["customer"] = cause.data.get("customer") or data.get("customer") or dict(about)
    if "event" in names:
        said["event"] = {**to_plain(cause), "id": cause.event_id}
    if not names.isdisjoint(_ACTOR):
        said.update(dict.fromkeys(_ACTOR, to_plain(cause.actor)))
    return said


def _contact(contact: Contact | None) -> dict[str, object]:
    if contact is None:
        return {}
    plain = to_plain(contact)
    words = (contact.name or "").split()
    if words and not (contact.first_name or "").strip():
        plain["first_name"] = words[0]
    return plain


def _tenant(tenant: str, settings: Settings) -> Mapping[str, object]:
    facts = TenantFacts(
        id=tenant,
        name=settings.name or tenant,
        currency=settings.currency,
        portal_url=settings.portal_url,
        main_phone=settings.main_phone,
        contact_email=settings.contact_email,
    )
    return _plain(facts)


@lru_cache(maxsize=256)
def _plain(facts: TenantFacts) -> Mapping[str, object]:
    """The same for all messages of one version of a tenant's settings."""
    return to_plain(facts)
