"""The purse: whether a message may leave for its price. The cap of the month first, then prepaid credits.

One credit pays one segment. Without enough credit a text waits. Parked texts leave strictly oldest first when credits
come, unless they have become useless; a new text that can be paid does not wait behind them (contract section 11).
A message counts as spent from the moment it may leave, so that what is on its way cannot overrun the cap together.
A message whose recipient has an allowance goes back there: it came from there, and is counted when it leaves.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from processors.allowance import back_to_allowance
from processors.billing import period_of
from processors.credit.spending import add_spent, block_month, cost_in_blocks, spent, use_blocks
from processors.credit.tables import PAID, PURSES, TAKEN, TIMERS, UNPAID
from processors.credit.wakes import Wake, wake_row
from processors.decisions import decided_on_message, facts_of
from processors.effects import Delete, Effect, Forward, Put, Record, Tables, prefix_end, row_key
from processors.timers import arm, disarm
from schemas.allowance import PlaceGivenBack
from schemas.billing import Charge, CreditChange, PaidBy, Usage
from schemas.candidate import Withdrawal
from schemas.clock import rfc3339, to_millis
from schemas.message import Message
from schemas.reasons import Reason
from schemas.state import Paid, Purse, Taken, Unpaid
from schemas.topics import AUDIENCE
from schemas.words import Outcome

PARKED_PER_TENANT = 20_000
"""How many parked texts a withdrawal looks through."""
RELEASED_AT_ONCE = 500
"""Parked texts that leave with one record: what one record changes has to fit one record of the changelog."""
RELEASE_PAUSE = timedelta(seconds=1)


def pay(message: Message, record: Record, tables: Tables) -> Iterator[Effect]:
    """Let a message leave, park it, or drop it. The same command again changes nothing; a resend is paid already."""
    paid = tables.get(PAID, _row(message))
    if paid is not None and paid.commanded_at == message.commanded_at:
        return
    if paid is not None and not paid.given_back:
        yield Put(table=PAID, key=_row(message), value=replace(paid, commanded_at=message.commanded_at))
        yield Forward(topic=message.topic, key=message.key, value=message)
        yield decided_on_message(message, record, outcome=Outcome.SENT, facts=facts_of(message))
        return
    parked = _parked_row(message)
    if tables.get(UNPAID, parked) is not None:
        return
    yield from _ask(message, record, tables, parked)


def buy(change: CreditChange, record: Record, tables: Tables) -> Iterator[Effect]:
    """Credits that were bought work at once."""
    bought = row_key("purchase", change.tenant, change.source or "", change.event_id)
    if tables.get(TAKEN, bought) is not None:
        return
    yield Put(table=TAKEN, key=bought, value=Taken())
    yield _add_credits(change.tenant, change.credits, tables)
    yield from release(record, tables, change.tenant)


def release(record: Record, tables: Tables, tenant: str) -> Iterator[Effect]:
    """Let parked texts leave, oldest first, while credits last."""
    prefix = row_key(tenant, "")
    rows = tables.range(UNPAID, prefix, prefix_end(prefix), RELEASED_AT_ONCE)
    for row, unpaid in rows:
        message, charge = unpaid.message, _charge(unpaid.message)
        useless = message.useful_until is not None and message.useful_until < record.now
        if not useless and not _over_cap(charge, record, tables, tenant) and charge.units > _credits(tables, tenant):
            return
        yield from _unpark(row, message)
        if useless:
            yield _expired(message, record)
        else:
            yield from _ask(message, record, tables, row)
    if len(rows) == RELEASED_AT_ONCE:
        yield arm(TIMERS, record.now + RELEASE_PAUSE, wake_row(Wake.RELEASE, tenant))


def give_back(tenant: str, message_id: str, tables: Tables) -> Iterator[Effect]:
    """A message that left and is not billed costs nothing: neither credits nor of the month's cap."""
    row = row_key(tenant, message_id)
    paid = tables.get(PAID, row)
    if paid is None or paid.given_back:
        return
    yield Put(table=PAID, key=row, value=replace(paid, given_back=True))
    yield from _book(tenant, paid, -1, tables)


def count(usage: Usage, tables: Tables) -> Iterator[Effect]:
    """Count what is billed or taken back; what the purse let leave is counted already, unless it was given back."""
    row = row_key(usage.tenant, usage.message_id)
    paid = tables.get(PAID, row)
    if paid is None and usage.paid_by is PaidBy.BLOCK:
        yield from use_blocks(block_month(tables, usage.tenant), usage.units, usage.period, tables, usage.tenant)
    elif paid is None:
        yield from add_spent(usage.tenant, usage.period, usage.amount, tables)
    elif usage.units < 0:
        yield from give_back(usage.tenant, usage.message_id, tables)
    elif paid.given_back:
        yield Put(table=PAID, key=row, value=replace(paid, given_back=False))
        yield from _book(usage.tenant, paid, +1, tables)


def expire(row: str, record: Record, tables: Tables) -> Iterator[Effect]:
    """A parked text that has become useless."""
    unpaid = tables.get(UNPAID, row)
    if unpaid is not None:
        yield Delete(table=UNPAID, key=row)
        yield _expired(unpaid.message, record)


def withdraw(withdrawal: Withdrawal, record: Record, tables: Tables) -> Iterator[Effect]:
    """What waits is dropped here; what was paid is withdrawn at its gateway, which was told by dispatch too."""
    prefix = row_key(withdrawal.tenant, "")
    for row, unpaid in tables.range(UNPAID, prefix, prefix_end(prefix), PARKED_PER_TENANT):
        message = unpaid.message
        named = message.message_id == withdrawal.message_id
        if not named and (withdrawal.contact is None or message.contact != withdrawal.contact):
            continue
        yield from _unpark(row, message)
        facts = {"by_event": withdrawal.event_id}
        yield decided_on_message(message, record, outcome=Outcome.CANCELLED, reason=withdrawal.reason, facts=facts)


def _ask(message: Message, record: Record, tables: Tables, parked: str) -> Iterator[Effect]:
    """The one place that decides: the cap, then the credits."""
    charge, tenant = _charge(message), message.tenant
    month = period_of(record.now, charge.timezone)
    paid = Paid(commanded_at=message.commanded_at, credits=0, amount=charge.amount, period=month)
    if _over_cap(charge, record, tables, tenant):
        yield Put(table=PAID, key=_row(message), value=replace(paid, amount=Decimal(0), given_back=True))
        facts = {
            "billing.spend_cap.per_month": str(charge.cap),
            "spent": str(spent(tables, tenant, month)),
            "amount": str(_cost(charge, tables, tenant)),
            "month": month,
        }
        yield decided_on_message(message, record, outcome=Outcome.DROPPED, reason=Reason.SPEND_CAP_REACHED, facts=facts)
        yield from _give_place_back(message)
        return
    facts_of_credit: dict[str, object] = {}
    if charge.paid_by is PaidBy.CREDITS:
        balance = _credits(tables, tenant)
        if balance < charge.units:
            yield from _park(message, record, parked, balance)
            return
        paid = replace(paid, credits=charge.units)
        facts_of_credit = {"credits_left": balance - charge.units}
    elif charge.paid_by is PaidBy.BLOCK:
        paid = replace(paid, block=block_month(tables, tenant), units=charge.units)
    yield Put(table=PAID, key=_row(message), value=paid)
    yield from _book(tenant, paid, +1, tables)
    if message.allowance is not None:
        yield back_to_allowance(message)
        return
    leaving = replace(message, commanded_at=record.now)
    yield Forward(topic=leaving.topic, key=leaving.key, value=leaving)
    yield decided_on_message(leaving, record, outcome=Outcome.SENT, facts={**facts_of(leaving), **facts_of_credit})


def _park(message: Message, record: Record, row: str, balance: int) -> Iterator[Effect]:
    decided = replace(message, decided=message.decided + 1)
    yield Put(table=UNPAID, key=row, value=Unpaid(message=decided, since=record.now))
    if message.useful_until is not None:
        yield arm(TIMERS, message.useful_until, row)
    facts = {"billing.sms.prepaid": True, "credits": balance, "needed": _charge(message).units}
    yield decided_on_message(message, record, outcome=Outcome.HELD, reason=Reason.INSUFFICIENT_CREDIT, facts=facts)
    yield from _give_place_back(message)


def _give_place_back(message: Message) -> Iterator[Effect]:
    """What does not leave, or not now, uses nothing up of its recipient's allowance."""
    if message.allowance is not None:
        given = PlaceGivenBack(tenant=message.tenant, message_id=message.message_id)
        yield Forward(topic=AUDIENCE.name, key=message.recipient_key, value=given)


def _unpark(row: str, message: Message) -> Iterator[Effect]:
    yield Delete(table=UNPAID, key=row)
    if message.useful_until is not None:
        yield disarm(TIMERS, message.useful_until, row)


def _book(tenant: str, paid: Paid, sign: int, tables: Tables) -> Iterator[Effect]:
    """Take what a message costs out of the purse and onto the month, or, with -1, the other way."""
    if paid.credits:
        yield _add_credits(tenant, -sign * paid.credits, tables)
    yield from use_blocks(paid.block, sign * paid.units, paid.period, tables, tenant)
    yield from add_spent(tenant, paid.period, sign * paid.amount, tables)


def _add_credits(tenant: str, credits_: int, tables: Tables) -> Effect:
    return Put(table=PURSES, key=tenant, value=Purse(credits=_credits(tables, tenant) + credits_))


def _over_cap(charge: Charge, record: Record, tables: Tables, tenant: str) -> bool:
    """What costs nothing more cannot go over it: a text fits into a block that has begun."""
    month, cost = period_of(record.now, charge.timezone), _cost(charge, tables, tenant)
    return charge.cap is not None and cost > 0 and spent(tables, tenant, month) + cost > charge.cap


def _cost(charge: Charge, tables: Tables, tenant: str) -> Decimal:
    return cost_in_blocks(charge.units, tables, tenant) if charge.paid_by is PaidBy.BLOCK else charge.amount


def _credits(tables: Tables, tenant: str) -> int:
    purse = tables.get(PURSES, tenant)
    return purse.credits if purse else 0


def _charge(message: Message) -> Charge:
    if message.charge is None:
        raise LookupError(f"message {message.message_id} asks the purse of {message.tenant!r} without a charge")
    return message.charge


def _row(message: Message) -> str:
    return row_key(message.tenant, message.message_id)


def _parked_row(message: Message) -> str:
    return row_key(message.tenant, f"{to_millis(message.commanded_at):015d}", message.message_id)


def _expired(message: Message, record: Record) -> Effect:
    until = rfc3339(message.useful_until) if message.useful_until else ""
    facts = {"waited_for": Reason.INSUFFICIENT_CREDIT}
    return decided_on_message(message, record, outcome=Outcome.DROPPED, reason=Reason.EXPIRED.of(until), facts=facts)
