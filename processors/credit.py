"""The stage that owns a tenant's prepaid credits: one credit pays one segment (contract sections 9 and 11).

Without enough credit a text waits. Parked texts leave strictly oldest first when credits come, unless they have
become useless; a new text that can be paid does not wait behind them.
"""

from collections.abc import Iterator

from processors.decisions import decided_on_message
from processors.effects import Delete, Effect, Forward, Put, Record, Table, Tables, prefix_end, row_key
from processors.timers import arm, disarm, due_rows
from schemas.billing import CreditChange
from schemas.candidate import Withdrawal
from schemas.clock import rfc3339, to_millis
from schemas.message import Message
from schemas.reasons import Reason
from schemas.state import Alarm, Purse, Unpaid
from schemas.words import Outcome

PURSES = Table(name="purses", holds=Purse)
UNPAID = Table(name="unpaid", holds=Unpaid)
TIMERS = Table(name="timers", holds=Alarm)

PARKED_PER_TENANT = 20_000
"""How many parked texts one purchase looks at: more than the largest purchase could pay."""


def on_charge(record: Record, tables: Tables) -> Iterator[Effect]:
    """A text to pay, credits that came, or the withdrawal of a text that may wait."""
    match record.value:
        case Message():
            yield from _pay(record.value, record, tables)
        case CreditChange():
            yield from _credit(record.value, record, tables)
        case Withdrawal():
            yield from _withdraw(record.value, record, tables)
        case other:
            raise TypeError(f"topic {record.topic} carries a {type(other).__name__}")


def on_tick(record: Record, tables: Tables) -> Iterator[Effect]:
    """Parked texts that have become useless."""
    for row, remove in due_rows(TIMERS, tables, record.now):
        yield remove
        unpaid = tables.get(UNPAID, row)
        if unpaid is not None:
            yield Delete(table=UNPAID, key=row)
            yield _expired(unpaid.message, record)


def price(message: Message) -> int:
    """The credits that a message costs."""
    return message.segments or 1


def _balance(tables: Tables, tenant: str) -> int:
    purse = tables.get(PURSES, tenant)
    return purse.credits if purse else 0


def _pay(message: Message, record: Record, tables: Tables) -> Iterator[Effect]:
    balance = _balance(tables, message.tenant)
    if balance >= price(message):
        yield from _release(message, balance, record)
        return
    row = row_key(message.tenant, f"{to_millis(message.commanded_at):015d}", message.message_id)
    yield Put(table=UNPAID, key=row, value=Unpaid(message=message, since=record.now))
    if message.useful_until is not None:
        yield arm(TIMERS, message.useful_until, row)
    yield decided_on_message(
        message,
        record,
        outcome=Outcome.HELD,
        reason=Reason.INSUFFICIENT_CREDIT,
        facts={"credits": balance, "needed": price(message)},
    )


def _release(message: Message, balance: int, record: Record) -> Iterator[Effect]:
    yield Put(table=PURSES, key=message.tenant, value=Purse(credits=balance - price(message)))
    yield Forward(topic=message.topic, key=message.key, value=message)
    yield decided_on_message(message, record, outcome=Outcome.SENT, facts={"credits_left": balance - price(message)})


def _credit(change: CreditChange, record: Record, tables: Tables) -> Iterator[Effect]:
    balance = _balance(tables, change.tenant) + change.credits
    yield Put(table=PURSES, key=change.tenant, value=Purse(credits=balance))
    prefix = row_key(change.tenant, "")
    for row, unpaid in tables.range(UNPAID, prefix, prefix_end(prefix), PARKED_PER_TENANT):
        message = unpaid.message
        useless = message.useful_until is not None and message.useful_until < record.now
        if not useless and balance < price(message):
            return
        yield Delete(table=UNPAID, key=row)
        if message.useful_until is not None:
            yield disarm(TIMERS, message.useful_until, row)
        if useless:
            yield _expired(message, record)
            continue
        yield from _release(message, balance, record)
        balance -= price(message)


def _withdraw(withdrawal: Withdrawal, record: Record, tables: Tables) -> Iterator[Effect]:
    """What waits is dropped here; what was paid is withdrawn at its gateway, which was told by dispatch too."""
    prefix = row_key(withdrawal.tenant, "")
    for row, unpaid in tables.range(UNPAID, prefix, prefix_end(prefix), PARKED_PER_TENANT):
        message = unpaid.message
        named = message.message_id == withdrawal.message_id
        if not named and (withdrawal.contact is None or message.contact != withdrawal.contact):
            continue
        yield Delete(table=UNPAID, key=row)
        if message.useful_until is not None:
            yield disarm(TIMERS, message.useful_until, row)
        yield decided_on_message(
            message,
            record,
            outcome=Outcome.CANCELLED,
            reason=withdrawal.reason,
            facts={"by_event": withdrawal.event_id},
        )


def _expired(message: Message, record: Record) -> Effect:
    until = rfc3339(message.useful_until) if message.useful_until else ""
    facts = {"waited_for": Reason.INSUFFICIENT_CREDIT}
    return decided_on_message(message, record, outcome=Outcome.DROPPED, reason=Reason.EXPIRED.of(until), facts=facts)
