"""The invoices of blocks: base price ahead, further blocks afterwards, at each turn of the tenant's month.

New terms count from the next turn on: a month that is paid for ends as it began. What leaves before the first month
stands on the invoice of its turn, as the month before.
"""

from collections.abc import Iterator
from datetime import date, datetime

from processors.billing import period_of
from processors.credit.month_invoices import ENTRIES_PER_MONTH, SWEEP_PAUSE, SWEPT_PER_TICK
from processors.credit.spending import add_spent
from processors.credit.tables import BLOCK_ACCOUNTS, BLOCK_ENTRIES, TIMERS
from processors.credit.wakes import Wake, wake_row
from processors.effects import Delete, Effect, Forward, Put, Record, Tables, row_key
from processors.invoicing import BlockTurn, block_invoices
from processors.months import first_turn, following_turn
from processors.timers import arm
from schemas.billing import Terms, Usage
from schemas.clock import sortable, to_millis
from schemas.replacing import replace
from schemas.state import BlockAccount
from schemas.topics import INVOICES


def agree(terms: Terms, tables: Tables) -> Iterator[Effect]:
    """Take new terms; a first subscription, or a new one, begins at its first turn."""
    account = tables.get(BLOCK_ACCOUNTS, terms.tenant)
    if account is None:
        if terms.block is None:
            return
        account = BlockAccount(agreed=terms)
    elif terms.version <= account.agreed.version:
        return
    account = replace(account, agreed=terms)
    is_due = account.turns_at is not None and account.turns_at <= terms.since
    first = _first_turn(terms)
    # Who gives blocks up before the first month still has the turn at which what left under them is settled.
    if (account.running is None or account.joined) and not is_due and first is not None:
        account = replace(account, running=terms, joined=True, turns_at=first, turns_in=terms.timezone)
        yield arm(TIMERS, first, wake_row(Wake.BLOCK, terms.tenant))
    yield Put(table=BLOCK_ACCOUNTS, key=terms.tenant, value=account)


def turn(record: Record, tables: Tables, tenant: str) -> Iterator[Effect]:
    """Issue what is due at the turn, and begin the month that follows it."""
    account = tables.get(BLOCK_ACCOUNTS, tenant)
    if account is None or account.turns_at is None or account.turns_at > record.now:
        return  # the terms changed before the first month began
    at, begins = account.turns_at, account.agreed if account.agreed.block else None
    this_turn = BlockTurn(
        tenant=tenant,
        period=period_of(at, account.turns_in),
        at=record.now,
        ended=account.running,
        begins=begins,
        used=[usage for _, usage in _entries(account, at, tables)],
    )
    for invoice in block_invoices(this_turn):
        yield Forward(topic=INVOICES.name, key=f"{tenant}|", value=invoice)
    if begins is not None and begins.block is not None:
        yield from add_spent(tenant, period_of(at, account.turns_in), begins.block.price, tables)
    following = _following_turn(begins, at)
    if following is not None:
        yield arm(TIMERS, following, wake_row(Wake.BLOCK, tenant))
    yield Put(
        table=BLOCK_ACCOUNTS,
        key=tenant,
        value=replace(
            account,
            running=begins,
            joined=False,
            turns_at=following,
            turns_in=account.agreed.timezone,
            turned_at=at,
        ),
    )
    yield from sweep_blocks(record, tables, tenant, f"{to_millis(at)}")


def sweep_blocks(record: Record, tables: Tables, tenant: str, until_millis: str) -> Iterator[Effect]:
    """Remove the entries of a month that has turned, some at each tick; late ones count at the turn or after it."""
    rows = tables.range(BLOCK_ENTRIES, *_before(tenant, int(until_millis)), SWEPT_PER_TICK)
    for row, _ in rows:
        yield Delete(table=BLOCK_ENTRIES, key=row)
    if len(rows) == SWEPT_PER_TICK:
        yield arm(TIMERS, record.now + SWEEP_PAUSE, wake_row(Wake.SWEEP_BLOCKS, tenant, until_millis))


def _entries(account: BlockAccount, at: datetime, tables: Tables) -> list[tuple[str, Usage]]:
    """What counts into the month that turns at `at`; rows of the month before it may not be swept yet."""
    low, high = _before(account.agreed.tenant, to_millis(at))
    if account.turned_at is not None:
        low = _before(account.agreed.tenant, to_millis(account.turned_at))[1]
    return tables.range(BLOCK_ENTRIES, low, high, ENTRIES_PER_MONTH)


def _before(tenant: str, millis: int) -> tuple[str, str]:
    return row_key(tenant, ""), row_key(tenant, sortable(millis))


def _first_turn(terms: Terms) -> datetime | None:
    if terms.block is None:
        return None
    return first_turn(date.fromisoformat(terms.block.anchor), terms.timezone, terms.since)


def _following_turn(begins: Terms | None, at: datetime) -> datetime | None:
    if begins is None or begins.block is None:
        return None
    return following_turn(date.fromisoformat(begins.block.anchor), begins.timezone, at)
