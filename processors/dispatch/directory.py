"""The directory of an address: the contacts who have it, and what was last sent to it.

What was sent is forgotten after a week; one timer per address sees to that.
"""

from collections.abc import Iterator
from datetime import timedelta

from processors.dispatch.tables import DIRECTORY, LAST_SENT, TIMERS
from processors.effects import Delete, Effect, Put, Record, Tables, prefix_end, row_key
from processors.timers import arm
from schemas.address import address_key
from schemas.candidate import ContactUpdate
from schemas.state import LastSent, Listing

KEPT_FOR = timedelta(days=7)
CONTACTS_OF_ONE_ADDRESS = 1_000
_TIMER = "last sent"


def enter(update: ContactUpdate, key: str) -> Effect:
    """List the contact under the address of this key, or strike it off where it has the address no more."""
    contact = update.contact
    row = row_key(key, contact.id)
    if key not in {address_key(update.tenant, address) for address in contact.addresses}:
        return Delete(table=DIRECTORY, key=row)
    return Put(
        table=DIRECTORY, key=row, value=Listing(contact=contact.id, name=contact.name, sms_alerts=contact.sms_alerts)
    )


def strike_off(contact: str, key: str, tables: Tables) -> Iterator[Effect]:
    """Forget a contact at the address of this key, and what was last sent to it."""
    yield Delete(table=DIRECTORY, key=row_key(key, contact))
    last = tables.get(LAST_SENT, key)
    if last is not None and last.contact == contact:
        yield Delete(table=LAST_SENT, key=key)


def listed(key: str, tables: Tables) -> list[Listing]:
    """The contacts who have the address of this key."""
    prefix = row_key(key, "")
    rows = tables.range(DIRECTORY, prefix, prefix_end(prefix), CONTACTS_OF_ONE_ADDRESS)
    return [listing for _, listing in rows]


def note_sent(sent: LastSent, key: str, tables: Tables) -> Iterator[Effect]:
    """Remember what was sent to the address of this key."""
    if tables.get(LAST_SENT, key) is None:
        yield arm(TIMERS, sent.at + KEPT_FOR, row_key(_TIMER, key))
    yield Put(LAST_SENT, key, sent)


def last_sent(key: str, record: Record, tables: Tables) -> LastSent | None:
    """What was last sent to the address of this key, within the week."""
    last = tables.get(LAST_SENT, key)
    return last if last is not None and record.now - last.at <= KEPT_FOR else None


def forget(row: str, record: Record, tables: Tables) -> Iterator[Effect]:
    """A timer of this directory: the week of an address is over, or begins anew with what was sent since."""
    _, _, key = row.partition("\0")
    last = tables.get(LAST_SENT, key)
    if last is None:
        return
    if last.at + KEPT_FOR <= record.now:
        yield Delete(table=LAST_SENT, key=key)
    else:
        yield arm(TIMERS, last.at + KEPT_FOR, row)


def is_timer(row: str) -> bool:
    """Whether a timer's row is one of this directory."""
    return row.startswith(f"{_TIMER}\0")
