"""The stage that owns a tenant's money: which record, and which timer, goes to the purse or onto an invoice.

Records come at least once. What adds up is therefore taken by its id: a message, a purchase, a usage entry.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from processors.credit.block_invoices import agree, sweep_blocks, turn
from processors.credit.month_invoices import close_month, sweep_month
from processors.credit.purse import buy, give_back, pay
from processors.credit.tables import TIMERS
from processors.credit.usage_entries import enter
from processors.credit.waiting import expire, release, take_terms, withdraw
from processors.credit.wakes import Wake, parts_of
from processors.effects import Effect, Record, Tables
from processors.timers import fire_due
from schemas.billing import CreditChange, Terms, Usage
from schemas.candidate import Withdrawal
from schemas.message import Message

WAKES: Mapping[Wake, Callable[..., Iterator[Effect]]] = {
    Wake.RELEASE: release,
    Wake.MONTH: close_month,
    Wake.SWEEP_MONTH: sweep_month,
    Wake.BLOCK: turn,
    Wake.SWEEP_BLOCKS: sweep_blocks,
}
"""What a timer wakes; each takes the record, the tables and what the timer's row names."""


def on_charge(record: Record, tables: Tables) -> Iterator[Effect]:
    """A message that asks to leave, credits that came or come back, or the withdrawal of a message that may wait."""
    match record.value:
        case Message() as message:
            yield from pay(message, record, tables)
        case CreditChange(message_id=str(message_id)) as change:
            yield from give_back(change.tenant, message_id, tables)
            yield from release(record, tables, change.tenant)
        case CreditChange() as change:
            yield from buy(change, record, tables)
        case Withdrawal() as withdrawal:
            yield from withdraw(withdrawal, record, tables)
        case other:
            raise TypeError(f"topic {record.topic} carries a {type(other).__name__}")


def on_usage(record: Record, tables: Tables) -> Iterator[Effect]:
    """A message that is billed, or that is taken back."""
    if not isinstance(record.value, Usage):
        raise TypeError(f"topic {record.topic} carries a {type(record.value).__name__}, not a Usage")
    yield from enter(record.value, tables)


def on_terms(record: Record, tables: Tables) -> Iterator[Effect]:
    """What the tenant pays from now on."""
    if not isinstance(record.value, Terms):
        raise TypeError(f"topic {record.topic} carries a {type(record.value).__name__}, not Terms")
    yield from agree(record.value, tables)
    yield from take_terms(record.value, record, tables)


def on_tick(record: Record, tables: Tables) -> Iterator[Effect]:
    """Parked texts that have become useless, credits not yet used up, and invoices that are due."""
    yield from fire_due(TIMERS, tables, record.now, partial(_wake, record, tables))


def _wake(record: Record, tables: Tables, row: str) -> Iterator[Effect]:
    named = parts_of(row)
    if named is None:
        yield from expire(row, record, tables)
    else:
        wake, about = named
        yield from WAKES[wake](record, tables, *about)
