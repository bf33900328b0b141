"""Brands: whose letterhead a mail bears, by the building that its contact belongs to (contract section 3)."""

from collections.abc import Mapping

from processors.markup import cleaned
from schemas.contact import Contact
from schemas.settings import Settings
from schemas.settings_sections import Brand

BRAND = "_brand"
"""The layout's variable: `name`, `header` (clean HTML, or empty) and `lines` of the address."""


def brand_of(contact: Contact | None, settings: Settings) -> Brand | None:
    """The brand of the contact's building; None for a contact without one."""
    building = settings.buildings.get(contact.building) if contact and contact.building else None
    return settings.brands.get(building.brand) if building and building.brand else None


def letterhead(brand: Brand | None, tenant_name: str) -> Mapping[str, object]:
    """What the layout says of the sender; without a brand, the tenant's name alone."""
    if brand is None:
        return {"name": tenant_name, "header": "", "lines": []}
    return {"name": brand.name, "header": cleaned(brand.header_html), "lines": list(brand.address_lines)}
