"""What the messages of a calendar month cost a tenant, as the spend cap counts it; a block counts from its first unit.

Under blocks a single text has no price. The base counts when its month begins, and a further block when a text starts
it; if that text then costs nothing after all, and the units fit into fewer blocks, the last block started is taken off.
"""

from collections.abc import Iterator
from decimal import Decimal

from processors.billing import period_of
from processors.credit.tables import BLOCK_ACCOUNTS, BLOCK_USES, SPENT
from processors.effects import Effect, Put, Record, Tables, row_key
from processors.invoicing import further_blocks
from schemas.billing import Charge, PaidBy
from schemas.clock import sortable, to_millis
from schemas.purse import Spent
from schemas.replacing import replace
from schemas.state import BlockUse

NOTHING = Decimal(0)


def spent(tables: Tables, tenant: str, month: str) -> Decimal:
    """What has left in a month, `YYYY-MM`, costs so far."""
    row = tables.get(SPENT, row_key(tenant, month))
    return row.amount if row else NOTHING


def add_spent(tenant: str, month: str, amount: Decimal, tables: Tables) -> Iterator[Effect]:
    """Count an amount onto a month; a negative one takes it off."""
    if amount:
        yield Put(table=SPENT, key=row_key(tenant, month), value=Spent(amount=spent(tables, tenant, month) + amount))


def over_cap(charge: Charge, record: Record, tables: Tables, tenant: str) -> bool:
    """What costs nothing more cannot go over it: a text fits into a block that has begun."""
    month, costs = period_of(record.now, charge.timezone), cost(charge, tables, tenant)
    return charge.cap is not None and costs > 0 and spent(tables, tenant, month) + costs > charge.cap


def cost(charge: Charge, tables: Tables, tenant: str) -> Decimal:
    """What a message costs its month."""
    return _cost_in_blocks(charge.units, tables, tenant) if charge.paid_by is PaidBy.BLOCK else charge.amount


def block_month(tables: Tables, tenant: str) -> str:
    """The row of the month of blocks under way; empty when there is none."""
    account = tables.get(BLOCK_ACCOUNTS, tenant)
    if account is None or account.running is None or account.running.block is None:
        return ""
    turned = to_millis(account.turned_at) if account.turned_at else 0
    return row_key(tenant, sortable(turned))


def _cost_in_blocks(units: int, tables: Tables, tenant: str) -> Decimal:
    """What so many more units cost: the price of each block that they start."""
    use = _use(block_month(tables, tenant), tables, tenant)
    return NOTHING if use is None else use.price * (_further(use, units) - len(use.started))


def use_blocks(row: str, units: int, month: str, tables: Tables, tenant: str) -> Iterator[Effect]:
    """Count units into a month of blocks, and what they start onto the calendar month; negative ones out of both."""
    use = _use(row, tables, tenant)
    if use is None:
        return
    blocks = max(0, _further(use, units))
    started = (*use.started, *[month] * (blocks - len(use.started)))
    for over in started[blocks:]:
        yield from add_spent(tenant, over, -use.price, tables)
    for _ in started[len(use.started) :]:
        yield from add_spent(tenant, month, use.price, tables)
    yield Put(table=BLOCK_USES, key=row, value=replace(use, used=use.used + units, started=started[:blocks]))


def _further(use: BlockUse, units: int) -> int:
    return further_blocks(use.used + units, use.size)


def _use(row: str, tables: Tables, tenant: str) -> BlockUse | None:
    """The row, begun anew with the terms of the month under way."""
    account = tables.get(BLOCK_ACCOUNTS, tenant)
    known = tables.get(BLOCK_USES, row) if row else None
    if known is not None or not row or account is None or account.running is None or account.running.block is None:
        return known
    return BlockUse(size=account.running.block.size, price=account.running.block.price)
