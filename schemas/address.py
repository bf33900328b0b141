"""Addresses and recipients as keys: one address has one key, however its letters are cased."""

from functools import lru_cache


@lru_cache(maxsize=4096)
def address_key(tenant: str, address: str) -> str:
    """The Kafka key of everything that concerns one address of one tenant: `tenant|address`."""
    return f"{tenant}|{address.strip().lower()}"


def recipient_key(tenant: str, contact: str | None, staff: str | None, address: str) -> str:
    """The Kafka key of what is counted for one recipient: a contact, a member of staff, or an address of nobody's."""
    whose = contact or staff
    return f"{tenant}|{whose}" if whose else address_key(tenant, address)
