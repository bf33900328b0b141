"""Usage entries on their way onto an invoice: each is taken once, and waits for the end of its month.

What is taken back before its invoice vanishes from it; what was invoiced already is credited on the next one. An entry
that comes after its month's invoice goes onto the next one, too. Prepaid texts stand on none (contract section 11).
"""

from collections.abc import Iterator

from processors.credit.purse import count
from processors.credit.tables import BLOCK_ACCOUNTS, BLOCK_ENTRIES, INVOICED_MONTHS, MONTH_ENTRIES, TAKEN, TIMERS
from processors.credit.wakes import Wake, wake_row
from processors.effects import Delete, Effect, Put, Table, Tables, row_key
from processors.months import next_month, start_of
from processors.timers import arm
from schemas.billing import PaidBy, Usage
from schemas.clock import sortable, to_millis
from schemas.purse import Taken


def enter(usage: Usage, tables: Tables) -> Iterator[Effect]:
    """Take a usage entry, unless it is repeated: entries of one message alternate between charged and taken back."""
    row = row_key("usage", usage.tenant, usage.message_id)
    taken, charges = tables.get(TAKEN, row), usage.units > 0
    if charges == (taken is not None and taken.positive):
        return
    yield Put(table=TAKEN, key=row, value=Taken(positive=charges))
    yield from count(usage, tables)
    if usage.paid_by is PaidBy.BLOCK:
        yield from _write(
            BLOCK_ENTRIES, row_key(usage.tenant, _block_time(usage, tables), usage.message_id), usage, tables
        )
    elif usage.paid_by is PaidBy.INVOICE:
        period = _open_month(usage, tables)
        yield from _write(MONTH_ENTRIES, row_key(usage.tenant, period, usage.message_id), usage, tables)
        due = start_of(next_month(period), usage.timezone)
        yield arm(TIMERS, due, wake_row(Wake.MONTH, usage.tenant, period))


def _write(table: Table[Usage], row: str, usage: Usage, tables: Tables) -> Iterator[Effect]:
    """An entry and what takes it back cancel out while neither is invoiced."""
    if tables.get(table, row) is None:
        yield Put(table=table, key=row, value=usage)
    else:
        yield Delete(table=table, key=row)


def _open_month(usage: Usage, tables: Tables) -> str:
    period = usage.period
    while tables.get(INVOICED_MONTHS, row_key(usage.tenant, period)) is not None:
        period = next_month(period)
    return period


def _block_time(usage: Usage, tables: Tables) -> str:
    """The time an entry counts at: when it was commanded, but never in a month that has turned."""
    account = tables.get(BLOCK_ACCOUNTS, usage.tenant)
    at = usage.commanded_at or usage.at
    if account is not None and account.turned_at is not None:
        at = max(at, account.turned_at)
    return sortable(to_millis(at))
