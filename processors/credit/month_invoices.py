"""The invoices of calendar months, issued when the month ends on the tenant's clock."""

from collections.abc import Iterator
from datetime import timedelta

from processors.credit.tables import INVOICED_MONTHS, MONTH_ENTRIES, TIMERS
from processors.credit.wakes import Wake, wake_row
from processors.effects import Delete, Effect, Forward, Put, Record, Tables, prefix_end, row_key
from processors.invoicing import month_invoices
from processors.timers import arm
from schemas.state import InvoicedMonth
from schemas.topics import INVOICES

ENTRIES_PER_MONTH = 10_000_000
SWEPT_PER_TICK = 2_000
"""Rows that one tick removes: what one record changes has to fit one record of the changelog."""
SWEEP_PAUSE = timedelta(seconds=1)


def close_month(record: Record, tables: Tables, tenant: str, period: str) -> Iterator[Effect]:
    """Issue what a calendar month comes to, once; entries that come later stand on the next invoice."""
    month = row_key(tenant, period)
    if tables.get(INVOICED_MONTHS, month) is not None:
        return
    yield Put(table=INVOICED_MONTHS, key=month, value=InvoicedMonth(at=record.now))
    prefix = row_key(month, "")
    rows = tables.range(MONTH_ENTRIES, prefix, prefix_end(prefix), ENTRIES_PER_MONTH)
    for invoice in month_invoices(tenant, period, (usage for _, usage in rows), record.now):
        yield Forward(topic=INVOICES.name, key=f"{tenant}|", value=invoice)
    yield from sweep_month(record, tables, tenant, period)


def sweep_month(record: Record, tables: Tables, tenant: str, period: str) -> Iterator[Effect]:
    """Remove the entries of a month that is invoiced, some at each tick."""
    prefix = row_key(tenant, period, "")
    rows = tables.range(MONTH_ENTRIES, prefix, prefix_end(prefix), SWEPT_PER_TICK)
    for row, _ in rows:
        yield Delete(table=MONTH_ENTRIES, key=row)
    if len(rows) == SWEPT_PER_TICK:
        yield arm(TIMERS, record.now + SWEEP_PAUSE, wake_row(Wake.SWEEP_MONTH, tenant, period))
