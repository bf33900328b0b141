"""Addresses that a contact had until lately: what is held there is still the contact's, and no other row knows of it.

A held message keeps the address it was held with (decision 39), so a wish and an erasure have to follow it there.
"""

from collections.abc import Iterator

from processors.decide.tables import FORMER_ADDRESSES
from processors.effects import Delete, Effect, Put, Record, Tables, prefix_end, row_key
from processors.schedule import WITHDRAWABLE
from schemas.contact import Contact
from schemas.envelope import Event
from schemas.state import FormerAddress

ADDRESSES_OF_ONE_CONTACT = 1_000


def note_left(event: Event, before: Contact, after: Contact, record: Record) -> Iterator[Effect]:
    """Remember the addresses that a change takes from the contact, as long as something may be held there."""
    until = record.now + WITHDRAWABLE
    for address in everywhere(before):
        if address not in everywhere(after):
            yield Put(FORMER_ADDRESSES, row_key(event.tenant, event.subject, address), FormerAddress(until=until))


def former_addresses(event: Event, record: Record, tables: Tables) -> list[str]:
    """The addresses that the event's contact had until lately."""
    return [address for address, left in _known(event, tables) if record.now <= left.until]


def forget_former(event: Event, record: Record, tables: Tables, *, all_of_them: bool = False) -> Iterator[Effect]:
    """Forget where nothing can be held any more."""
    for address, left in _known(event, tables):
        if all_of_them or left.until < record.now:
            yield Delete(FORMER_ADDRESSES, row_key(event.tenant, event.subject, address))


def everywhere(contact: Contact) -> tuple[str, ...]:
    """Each address at which something may be held for the contact."""
    postal = contact.postal_address
    return contact.addresses if postal is None else (*contact.addresses, postal)


def _known(event: Event, tables: Tables) -> list[tuple[str, FormerAddress]]:
    own = row_key(event.tenant, event.subject, "")
    rows = tables.range(FORMER_ADDRESSES, own, prefix_end(own), ADDRESSES_OF_ONE_CONTACT)
    return [(row.removeprefix(own), left) for row, left in rows]
