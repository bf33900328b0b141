"""Addresses as keys: one address has one key, however its letters are cased."""


def address_key(tenant: str, address: str) -> str:
    """The Kafka key of everything that concerns one address of one tenant: `tenant|address`."""
    return f"{tenant}|{address.strip().lower()}"
