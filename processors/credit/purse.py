"""The purse: whether a message may leave for its price. The cap of the month first, then prepaid credits.

One credit pays one segment. Without enough credit a text waits (`processors.credit.waiting`). Credits that come are for
the oldest first; a new text that can be paid does not wait behind them (contract section 11).
A message counts as spent from the moment it may leave, so that what is on its way cannot overrun the cap together.
A message whose recipient has an allowance goes back there: it came from there, and is counted when it leaves.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from processors.allowance import back_to_allowance
from processors.billing import period_of
from processors.credit.spending import add_spent, block_month, cost, over_cap, spent, use_blocks
from processors.credit.tables import PAID, RELEASED, TAKEN
from processors.credit.waiting import (
    add_credits,
    cancelled,
    charge_on,
    credits_of,
    end,
    is_parked,
    park,
    release,
    take_back,
    unbilled,
)
from processors.decisions import decided_on_message, facts_of
from processors.effects import Effect, Forward, Put, Record, Tables, row_key
from schemas.allowance import PlaceGivenBack
from schemas.billing import CreditChange, PaidBy, Usage
from schemas.message import Message
from schemas.purse import Paid, Released, Taken
from schemas.reasons import Reason
from schemas.replacing import replace
from schemas.topics import AUDIENCE
from schemas.words import Outcome


def pay(message: Message, record: Record, tables: Tables) -> Iterator[Effect]:
    """Let a message leave, park it, or drop it. The same command again changes nothing; a resend is paid already."""
    row = _row(message)
    released, paid = tables.get(RELEASED, row), tables.get(PAID, row)
    if released is not None:
        if message.decided >= released.decided:
            yield from _pay_released(message, released, record, tables)
        return
    if paid is not None and message.commanded_at <= paid.commanded_at:
        return
    if paid is not None and not paid.given_back:
        yield Put(table=PAID, key=row, value=replace(paid, commanded_at=message.commanded_at))
        yield from _command(message, record, facts_of(message))
    elif not is_parked(message, tables):
        yield from _ask(message, record, tables)


def buy(change: CreditChange, record: Record, tables: Tables) -> Iterator[Effect]:
    """Credits that were bought work at once."""
    bought = row_key("purchase", change.tenant, change.source or "", change.event_id)
    if tables.get(TAKEN, bought) is not None:
        return
    yield Put(table=TAKEN, key=bought, value=Taken())
    yield add_credits(change.tenant, change.credits, tables)
    yield from release(record, tables, change.tenant)


def give_back(tenant: str, message_id: str, tables: Tables) -> Iterator[Effect]:
    """A message that is not billed costs nothing, whether it left or not: neither credits nor of the month's cap."""
    row = row_key(tenant, message_id)
    released, paid = tables.get(RELEASED, row), tables.get(PAID, row)
    if released is not None:
        yield from end(row, released, released.commanded_at, tables)
        return
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


def _pay_released(message: Message, released: Released, record: Record, tables: Tables) -> Iterator[Effect]:
    """A text that all gates let through once more asks anew: its words, its price and the cap are those of now."""
    row = _row(message)
    if released.withdrawal is not None:
        yield from end(row, released, message.commanded_at, tables)
        yield cancelled(message, released.withdrawal, record)
        return
    yield from take_back(row, released, tables)
    if message.charge is None:
        yield Put(table=PAID, key=row, value=unbilled(message.commanded_at))
        yield from _leave(message, record, {})
    else:
        yield from _ask(message, record, tables)
    yield from release(record, tables, message.tenant)


def _ask(message: Message, record: Record, tables: Tables) -> Iterator[Effect]:
    """The one place that decides: the cap, then the credits."""
    charge, tenant = charge_on(message), message.tenant
    month = period_of(record.now, charge.timezone)
    paid = Paid(commanded_at=message.commanded_at, credits=0, amount=charge.amount, period=month)
    if over_cap(charge, record, tables, tenant):
        yield Put(table=PAID, key=_row(message), value=replace(paid, amount=Decimal(0), given_back=True))
        facts = {
            "billing.spend_cap.per_month": str(charge.cap),
            "spent": str(spent(tables, tenant, month)),
            "amount": str(cost(charge, tables, tenant)),
            "month": month,
        }
        yield decided_on_message(message, record, outcome=Outcome.DROPPED, reason=Reason.SPEND_CAP_REACHED, facts=facts)
        yield from _give_place_back(message)
        return
    facts_of_credit: dict[str, object] = {}
    if charge.paid_by is PaidBy.CREDITS:
        balance = credits_of(tenant, tables)
        if balance < charge.units:
            yield from park(message, record, tables)
            yield from _give_place_back(message)
            return
        paid = replace(paid, credits=charge.units)
        facts_of_credit = {"credits_left": balance - charge.units}
    elif charge.paid_by is PaidBy.BLOCK:
        paid = replace(paid, block=block_month(tables, tenant), units=charge.units)
    yield Put(table=PAID, key=_row(message), value=paid)
    yield from _book(tenant, paid, +1, tables)
    yield from _leave(message, record, facts_of_credit)


def _leave(message: Message, record: Record, facts: Mapping[str, object]) -> Iterator[Effect]:
    if message.allowance is not None:
        yield back_to_allowance(message)
    else:
        yield from _command(replace(message, commanded_at=record.now), record, {**facts_of(message), **facts})


def _command(message: Message, record: Record, facts: Mapping[str, object]) -> Iterator[Effect]:
    yield Forward(topic=message.topic, key=message.key, value=replace(message, candidate=None))
    yield decided_on_message(message, record, outcome=Outcome.SENT, facts=facts)


def _give_place_back(message: Message) -> Iterator[Effect]:
    """What does not leave, or not now, uses nothing up of its recipient's allowance."""
    if message.allowance is not None:
        given = PlaceGivenBack(tenant=message.tenant, message_id=message.message_id)
        yield Forward(topic=AUDIENCE.name, key=message.recipient_key, value=given)


def _book(tenant: str, paid: Paid, sign: int, tables: Tables) -> Iterator[Effect]:
    """Take what a message costs out of the purse and onto the month, or, with -1, the other way."""
    if paid.credits:
        yield add_credits(tenant, -sign * paid.credits, tables)
    yield from use_blocks(paid.block, sign * paid.units, paid.period, tables, tenant)
    yield from add_spent(tenant, paid.period, sign * paid.amount, tables)


def _row(message: Message) -> str:
    return row_key(message.tenant, message.message_id)
