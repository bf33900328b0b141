"""Invoices out of usage entries: pure sums: whoever adds up again comes to the same cent (contract section 9)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice

from schemas.billing import Invoice, InvoiceLine, Terms, Usage

MESSAGES_PER_INVOICE = 300_000
"""A month with more has several invoices: one record may have 16 MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockTurn:
    """A turn of the month of blocks: what the ended month used, its terms, and those of the month that begins."""

    tenant: str
    period: str
    at: datetime
    ended: Terms | None
    begins: Terms | None
    used: Sequence[Usage]


def month_invoices(tenant: str, period: str, entries: Iterable[Usage], now: datetime) -> Iterator[Invoice]:
    """The invoices of one calendar month, one per currency; none where nothing is to be paid."""
    rest = iter(sorted(entries, key=lambda entry: (entry.currency, entry.message_id)))
    while some := list(islice(rest, MESSAGES_PER_INVOICE)):
        by_currency: dict[str, list[Usage]] = defaultdict(list)
        for entry in some:
            by_currency[entry.currency].append(entry)
        for currency, own in by_currency.items():
            yield from _invoice(tenant, period, currency, tuple(_lines(own)), now)


def block_invoices(turn: BlockTurn) -> Iterator[Invoice]:
    """The base price of the month that begins, and what the ended one used beyond its block."""
    lines: dict[str, list[InvoiceLine]] = defaultdict(list)
    if turn.begins is not None and turn.begins.block is not None:
        lines[turn.begins.currency].append(InvoiceLine(units=1, amount=turn.begins.block.price, usage_ids=()))
    if turn.ended is not None and turn.ended.block is not None and turn.used:
        block = turn.ended.block
        further = further_blocks(sum(entry.units for entry in turn.used), block.size)
        ids = tuple(sorted(entry.message_id for entry in turn.used))
        lines[turn.ended.currency].append(
            InvoiceLine(units=further, amount=block.price * further, usage_ids=ids[:MESSAGES_PER_INVOICE])
        )
    for currency, own in lines.items():
        yield from _invoice(turn.tenant, turn.period, currency, tuple(own), turn.at)


def further_blocks(used: int, size: int) -> int:
    """Blocks beyond the one paid ahead; a started one counts whole."""
    return max(0, -(-(used - size) // size))


def _lines(entries: Iterable[Usage]) -> Iterator[InvoiceLine]:
    """One line per channel, unit and price of a unit; what is taken back stands on a line of its own."""
    alike: dict[tuple[str, str, Decimal, bool], list[Usage]] = defaultdict(list)
    for entry in entries:
        price = entry.amount / entry.units if entry.units else entry.amount
        alike[entry.channel, entry.unit, price, entry.units < 0].append(entry)
    for _, own in sorted(alike.items()):
        yield InvoiceLine(
            units=sum(entry.units for entry in own),
            amount=sum((entry.amount for entry in own), Decimal(0)),
            usage_ids=tuple(sorted(entry.message_id for entry in own)),
        )


def _invoice(
    tenant: str, period: str, currency: str, lines: tuple[InvoiceLine, ...], now: datetime
) -> Iterator[Invoice]:
    total = sum((line.amount for line in lines), Decimal(0))
    if total:
        yield Invoice(tenant=tenant, period=period, currency=currency, total=total, lines=lines, at=now)
