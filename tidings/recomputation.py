"""Invoices computed again from the log, by the very stages that issued them, and compared to the cent.

Statuses become usage once more, usage and terms become invoices. Only which invoice a late entry stands on is taken
from the issued ones: that depended on when a stage read it. An entry on no invoice, or on two, makes a difference.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from processors.effects import Record
from schemas.billing import Invoice, PaidBy, Usage
from schemas.delivery import DeliveryStatus
from schemas.topics import INVOICES, STATUSES, TERMS, USAGE
from streams.topology import CREDIT, SETTLE
from tidings.books import Books, Entry
from tidings.memory import MemoryRunner

_MOMENT = timedelta(milliseconds=1)
_PATIENCE = timedelta(days=3)
"""How long after it was due an invoice may have been issued: workers may have stood still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One record that is put in again, or with `value` unset a tick."""

    now: datetime
    topic: str = ""
    value: object = None


def differences(books: Books, period: str, now: datetime) -> list[str]:
    """What differs between the invoices of a period as issued and as computed again; a sentence each."""
    issued = [_content(invoice) for invoice in books.invoices if invoice.period == period]
    again = [_content(invoice) for invoice in recomputed(books, now) if invoice.period == period]
    said = [f"was issued, and is not what the log comes to: {each}" for each in _without(issued, again)]
    said += [f"is what the log comes to, and was not issued: {each}" for each in _without(again, issued)]
    return said + list(_mispriced(books, period))


def recomputed(books: Books, now: datetime) -> list[Invoice]:
    """Every invoice that the log comes to up to `now`."""
    runner = MemoryRunner((CREDIT,), partitions=1)
    issued = runner.watch(INVOICES.name)
    ticked = {invoice.at for invoice in books.invoices}
    for step in _steps(books, now):
        # What came to nothing left no invoice that says when its month turned: it did so when it was due.
        while (due := runner.next_due()) is not None and due < step.now:
            if any(due <= at <= due + _PATIENCE for at in ticked):
                break
            runner.tick(due)
        if step.topic:
            runner.send(step.topic, f"{_tenant(step.value)}|", step.value, step.now)
        else:
            runner.tick(step.now)
    return [record.value for record in issued if isinstance(record.value, Invoice)]


def usage_again(books: Books) -> list[Entry[Usage]]:
    """Usage out of statuses, where those are still in the log with their price; else as it was written."""
    runner = MemoryRunner((SETTLE,), partitions=1)
    written: list[Record] = runner.watch(USAGE.name)
    known = {entry.value.message_id for entry in books.statuses if entry.value.charge is not None}
    for entry in books.statuses:
        runner.send(STATUSES.name, entry.value.key, entry.value, entry.at)
    derived = [Entry(value=record.value, at=record.now) for record in written if isinstance(record.value, Usage)]
    return derived + [entry for entry in books.usage if entry.value.message_id not in known]


def _steps(books: Books, now: datetime) -> list[Step]:
    """All that is put in, in time; ticks come when invoices were issued, so that what was due then is issued again."""
    steps = [Step(now=entry.at, topic=TERMS.name, value=entry.value) for entry in books.terms]
    steps += [Step(now=at, topic=USAGE.name, value=usage) for at, usage in _placed(usage_again(books), books.invoices)]
    steps += [Step(now=at) for at in {*(invoice.at for invoice in books.invoices), now}]
    return sorted(steps, key=lambda step: (step.now, not step.topic, step.topic != TERMS.name))


def _placed(entries: Sequence[Entry[Usage]], invoices: Iterable[Invoice]) -> Iterator[tuple[datetime, Usage]]:
    """Each entry at a time at which it comes onto the invoice that names it."""
    issued = sorted({invoice.at for invoice in invoices})
    naming: dict[str, list[datetime]] = defaultdict(list)
    for invoice in sorted(invoices, key=lambda each: each.at):
        for line in invoice.lines:
            for usage_id in line.usage_ids:
                naming[usage_id].append(invoice.at)
    for entry in entries:
        named = naming[entry.value.message_id]
        if not named:
            yield entry.at, entry.value
            continue
        until = named.pop(0)
        earlier = [at for at in issued if at < until]
        since = max(entry.at, earlier[-1] + _MOMENT) if earlier else entry.at
        yield min(since, until - _MOMENT), entry.value


def _mispriced(books: Books, period: str) -> Iterator[str]:
    """Texts whose price is not that of the terms they name."""
    prices = {entry.value.version: entry.value.text_price for entry in books.terms}
    seen: set[str] = set()
    for entry in books.statuses:
        status = entry.value
        price = prices.get(status.settings_version or 0)
        if status.message_id in seen or price is None or not _is_priced_text(status, period):
            continue
        seen.add(status.message_id)
        if status.charge is not None and status.charge.amount != price * status.charge.units:
            wanted = price * status.charge.units
            yield (
                f"message {status.message_id} was charged {status.charge.amount}; version {status.settings_version} of"
                f" the settings says {wanted}"
            )


def _is_priced_text(status: DeliveryStatus, period: str) -> bool:
    charge = status.charge
    by_piece = charge is not None and charge.paid_by is not PaidBy.BLOCK and charge.unit == "segment"
    return by_piece and f"{status.commanded_at:%Y-%m}" <= period


def _content(invoice: Invoice) -> str:
    """All of an invoice but the instant of its issue, which is that of a tick."""
    lines = "; ".join(f"{line.units} for {line.amount} ({', '.join(line.usage_ids)})" for line in invoice.lines)
    return f"{invoice.total} {invoice.currency}: {lines}"


def _without(some: list[str], others: list[str]) -> list[str]:
    rest = list(others)
    left: list[str] = []
    for each in some:
        if each in rest:
            rest.remove(each)
        else:
            left.append(each)
    return left


def _tenant(value: object) -> str:
    return str(getattr(value, "tenant", ""))
