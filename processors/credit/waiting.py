"""Texts that wait for credits: parked, released oldest first when credits come, or ended before.

A text that is released passes the gates of dispatch again, as one that waited for the end of quiet hours does: much
may have changed meanwhile. Its credits are reserved until it comes back to the purse, which has the last word
(decision 35).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from processors.credit.spending import over_cap
from processors.credit.tables import PAID, PURSES, RELEASED, TIMERS, UNPAID
from processors.credit.wakes import Wake, wake_row
from processors.decisions import decided_on_message
from processors.effects import Delete, Effect, Forward, Put, Record, Table, Tables, prefix_end, row_key
from processors.timers import arm, disarm
from schemas.billing import Charge, Terms
from schemas.candidate import Withdrawal
from schemas.clock import rfc3339, sortable, to_millis
from schemas.message import Message
from schemas.purse import Paid, Purse, Released, Unpaid
from schemas.reasons import Reason
from schemas.replacing import replace
from schemas.topics import AUDIENCE, CHARGES, MESSAGES
from schemas.words import Outcome

T = TypeVar("T")

LOOKED_AT_ONCE = 1_000
"""Texts that a withdrawal takes into memory together; it looks through all that wait."""
RELEASED_AT_ONCE = 500
"""Parked texts that are released with one record: what it changes has to fit one record of the changelog."""
RELEASE_PAUSE = timedelta(seconds=1)


def credits_of(tenant: str, tables: Tables) -> int:
    """The credits that nobody has taken, and none is reserved of."""
    return _purse(tenant, tables).credits


def add_credits(tenant: str, credits_: int, tables: Tables) -> Effect:
    """Put credits into the purse; negative ones are taken out."""
    purse = _purse(tenant, tables)
    return Put(table=PURSES, key=tenant, value=replace(purse, credits=purse.credits + credits_))


def take_terms(terms: Terms, record: Record, tables: Tables) -> Iterator[Effect]:
    """Whether texts need credits from now on; where they need none any more, those that wait are let go."""
    purse = _purse(terms.tenant, tables)
    if terms.is_prepaid is None or terms.is_prepaid == purse.is_prepaid:
        return
    yield Put(table=PURSES, key=terms.tenant, value=replace(purse, is_prepaid=terms.is_prepaid))
    if not terms.is_prepaid:
        yield from release(record, tables, terms.tenant)


def charge_on(message: Message) -> Charge:
    """What a message that asks the purse costs."""
    if message.charge is None:
        raise LookupError(f"message {message.message_id} asks the purse of {message.tenant!r} without a charge")
    return message.charge


def is_parked(message: Message, tables: Tables) -> bool:
    """Whether the message waits already."""
    return tables.get(UNPAID, _parked_row(message)) is not None


def park(message: Message, record: Record, tables: Tables) -> Iterator[Effect]:
    """Let a text wait, in the place that it had when it began to wait."""
    row, decided = _parked_row(message), replace(message, decided=message.decided + 1)
    yield Put(table=UNPAID, key=row, value=Unpaid(message=decided, since=record.now))
    if message.useful_until is not None:
        yield arm(TIMERS, message.useful_until, row)
    if not _purse(message.tenant, tables).is_prepaid:  # dispatch priced it before it heard of the new terms
        yield arm(TIMERS, record.now + RELEASE_PAUSE, wake_row(Wake.RELEASE, message.tenant))
    balance = credits_of(message.tenant, tables)
    facts = {"billing.sms.prepaid": True, "credits": balance, "needed": charge_on(message).units}
    yield decided_on_message(message, record, outcome=Outcome.HELD, reason=Reason.INSUFFICIENT_CREDIT, facts=facts)


def release(record: Record, tables: Tables, tenant: str) -> Iterator[Effect]:
    """Let parked texts go back to the gates, oldest first, while credits last.

    One over the month's cap needs none, and none does whose tenant pays ahead no more.
    """
    is_prepaid = _purse(tenant, tables).is_prepaid
    prefix = row_key(tenant, "")
    rows = tables.range(UNPAID, prefix, prefix_end(prefix), RELEASED_AT_ONCE)
    for row, unpaid in rows:
        message, charge = unpaid.message, charge_on(unpaid.message)
        if message.useful_until is not None and message.useful_until < record.now:
            yield from _unpark(row, message)
            yield _expired(message, record)
            continue
        needed = charge.units if is_prepaid and not over_cap(charge, record, tables, tenant) else 0
        if needed > credits_of(tenant, tables):
            return
        yield from _unpark(row, message)
        yield from _let_go(message, needed, record, tables)
    if len(rows) == RELEASED_AT_ONCE:
        yield arm(TIMERS, record.now + RELEASE_PAUSE, wake_row(Wake.RELEASE, tenant))


def take_back(row: str, released: Released, tables: Tables) -> Iterator[Effect]:
    """A released text has come back, or has ended: what was reserved for it is free."""
    yield Delete(table=RELEASED, key=row)
    if released.credits:
        yield add_credits(row.partition("\0")[0], released.credits, tables)


def end(row: str, released: Released, commanded_at: datetime, tables: Tables) -> Iterator[Effect]:
    """A released text does not leave any more; should what it was ordered with until then come again, it is known."""
    yield from take_back(row, released, tables)
    yield Put(table=PAID, key=row, value=unbilled(commanded_at))


def unbilled(commanded_at: datetime) -> Paid:
    """That a message was dealt with and costs nothing."""
    return Paid(commanded_at=commanded_at, credits=0, amount=Decimal(0), period="", given_back=True)


def expire(row: str, record: Record, tables: Tables) -> Iterator[Effect]:
    """A parked text that has become useless."""
    unpaid = tables.get(UNPAID, row)
    if unpaid is not None:
        yield Delete(table=UNPAID, key=row)
        yield _expired(unpaid.message, record)
        yield from release(record, tables, unpaid.message.tenant)


def withdraw(withdrawal: Withdrawal, record: Record, tables: Tables) -> Iterator[Effect]:
    """What waits is dropped here; what was paid is withdrawn at its gateway, which was told by dispatch too.

    What passes the gates again is dropped by whoever has it next: dispatch, or this purse when it comes back. All that
    is for one contact is withdrawn message by message.
    """
    if withdrawal.message_id is None:
        for message_id in _waiting_for(withdrawal, tables):
            one = replace(withdrawal, message_id=message_id, contact=None)
            yield Forward(topic=CHARGES.name, key=f"{withdrawal.tenant}|", value=one)
        return
    for row, unpaid in _rows(UNPAID, withdrawal.tenant, tables):
        if unpaid.message.message_id == withdrawal.message_id:
            yield from _unpark(row, unpaid.message)
            yield cancelled(unpaid.message, withdrawal, record)
    own = row_key(withdrawal.tenant, withdrawal.message_id)
    released = tables.get(RELEASED, own)
    if released is not None and released.withdrawal is None:
        yield add_credits(withdrawal.tenant, released.credits, tables)
        yield Put(table=RELEASED, key=own, value=replace(released, credits=0, withdrawal=withdrawal))
    yield from release(record, tables, withdrawal.tenant)


def cancelled(message: Message, withdrawal: Withdrawal, record: Record) -> Effect:
    """The decision on a text that was withdrawn before it left."""
    facts = {"by_event": withdrawal.event_id}
    return decided_on_message(message, record, outcome=Outcome.CANCELLED, reason=withdrawal.reason, facts=facts)


def _let_go(message: Message, needed: int, record: Record, tables: Tables) -> Iterator[Effect]:
    """Reserve credits for a text and send it to its contact, who knows what it wants now, and on to the gates."""
    released = Released(
        commanded_at=message.commanded_at, decided=message.decided, credits=needed, contact=message.contact
    )
    yield Put(table=RELEASED, key=row_key(message.tenant, message.message_id), value=released)
    if needed:
        yield add_credits(message.tenant, -needed, tables)
    if message.candidate is None:  # parked by a version that kept no candidates
        yield Forward(topic=CHARGES.name, key=f"{message.tenant}|", value=replace(message, commanded_at=record.now))
        return
    back = replace(message.candidate, decided=message.decided, unpaid_since=_since(message))
    if message.contact is None:
        yield Forward(topic=MESSAGES.name, key=back.key, value=back)
    else:
        yield Forward(topic=AUDIENCE.name, key=f"{message.tenant}|{message.contact}", value=back)


def _purse(tenant: str, tables: Tables) -> Purse:
    return tables.get(PURSES, tenant) or Purse(credits=0)


def _unpark(row: str, message: Message) -> Iterator[Effect]:
    yield Delete(table=UNPAID, key=row)
    if message.useful_until is not None:
        yield disarm(TIMERS, message.useful_until, row)


def _parked_row(message: Message) -> str:
    return row_key(message.tenant, sortable(to_millis(_since(message))), message.message_id)


def _since(message: Message) -> datetime:
    """When the text began to wait, or would have: it keeps its place when it comes back and cannot leave."""
    since = message.candidate.unpaid_since if message.candidate else None
    return since or message.commanded_at


def _waiting_for(withdrawal: Withdrawal, tables: Tables) -> Iterator[str]:
    """The messages to one contact that wait for credits, or pass the gates again."""
    for _, unpaid in _rows(UNPAID, withdrawal.tenant, tables):
        if unpaid.message.contact == withdrawal.contact:
            yield unpaid.message.message_id
    for row, released in _rows(RELEASED, withdrawal.tenant, tables):
        if released.contact == withdrawal.contact:
            yield row.rpartition("\0")[2]


def _rows(table: Table[T], tenant: str, tables: Tables) -> Iterator[tuple[str, T]]:
    """All rows of one tenant, some at a time; those that were looked at may be removed meanwhile."""
    low, high = row_key(tenant, ""), prefix_end(row_key(tenant, ""))
    while rows := tables.range(table, low, high, LOOKED_AT_ONCE):
        yield from rows
        low = row_key(rows[-1][0], "")


def _expired(message: Message, record: Record) -> Effect:
    until = rfc3339(message.useful_until) if message.useful_until else ""
    facts = {"waited_for": Reason.INSUFFICIENT_CREDIT}
    return decided_on_message(message, record, outcome=Outcome.DROPPED, reason=Reason.EXPIRED.of(until), facts=facts)
