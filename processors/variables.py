"""Variables: who is who and what happened, as templates and criteria see it (contract section 11, Variables)."""

from collections.abc import Mapping
from dataclasses import dataclass

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


def who_is_who(
    cause: Cause, contact: Contact | None, data: Mapping[str, object], tenant: str, settings: Settings
) -> dict[str, object]:
    """The event's fields (`data`) at the top, over them the tenant, the people and the event itself."""
    about = _contact(contact)
    actor = to_plain(cause.actor)
    return {
        **data,
        "tenant": _tenant(tenant, settings),
        "contact": about,
        "customer": cause.data.get("customer") or data.get("customer") or dict(about),
        "event": {**to_plain(cause), "id": cause.event_id},
        "actor": actor,
        "agent": actor,
        "user": actor,
    }


def _contact(contact: Contact | None) -> dict[str, object]:
    if contact is None:
        return {}
    plain = to_plain(contact)
    words = (contact.name or "").split()
    if words and not contact.first_name:
        plain["first_name"] = words[0]
    return plain


def _tenant(tenant: str, settings: Settings) -> dict[str, object]:
    return to_plain(
        TenantFacts(
            id=tenant,
            name=settings.name or tenant,
            currency=settings.currency,
            portal_url=settings.portal_url,
            main_phone=settings.main_phone,
            contact_email=settings.contact_email,
        )
    )
