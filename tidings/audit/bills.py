"""Law 6: every cent has its messages. Statuses come to usage, usage stands on invoices, and lines are their sums."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from processors.billing import period_of
from processors.invoicing import MESSAGES_PER_INVOICE, further_blocks
from processors.months import next_month, start_of
from schemas.billing import BlockPrice, Invoice, PaidBy, Terms, Usage
from schemas.topics import INVOICES, STATUSES, USAGE
from tidings.audit.findings import Findings
from tidings.audit.messages import Dossier
from tidings.audit.notes import Note, What
from tidings.audit.records import digest_of, mention
from tidings.audit.scope import PATIENCE, Scope

LAW = 6


class InvoiceLines:
    """What every line of every invoice still lacks of its amount; grows with the number of invoices alone."""

    def __init__(self) -> None:
        self._left: dict[tuple[str, int], Decimal] = {}
        self._names: dict[str, str] = {}
        self._blocks: defaultdict[str, set[BlockPrice]] = defaultdict(set)
        self._further: dict[tuple[str, int], tuple[str, int, Decimal]] = {}
        self._used: Counter[tuple[str, int]] = Counter()

    def agree(self, terms: Terms) -> None:
        """Note what a tenant's blocks cost, or did once."""
        if terms.block is not None:
            self._blocks[terms.tenant].add(terms.block)

    def read(self, invoice: Invoice, findings: Findings) -> bool:
        """Take an invoice in; False when it was read before."""
        name = digest_of(invoice)
        if name in self._names:
            return False
        self._names[name] = f"invoice {invoice.tenant}/{invoice.period}"
        findings.count(LAW, "invoices")
        findings.add("invoiced", invoice.currency, invoice.total)
        total = sum((line.amount for line in invoice.lines), Decimal(0))
        if total != invoice.total:
            findings.differ(LAW, self._names[name], f"its lines come to {total}; its total is {invoice.total}")
        for number, line in enumerate(invoice.lines):
            # What is paid ahead, a block, names no message.
            self._left[name, number] = line.amount if line.usage_ids else Decimal(0)
            if len(line.usage_ids) < MESSAGES_PER_INVOICE:
                self._further[name, number] = (invoice.tenant, line.units, line.amount)
        return True

    def take_off(self, text: str, entries: Sequence[Usage], message_id: str) -> bool:
        """Subtract what a message contributes to the line that mentions it; False when it has no such entry."""
        name, number, takes_back, tenant, currency = mention(text)
        own = [
            entry
            for entry in entries
            if ((entry.units < 0), entry.tenant, entry.currency) == (takes_back, tenant, currency)
        ]
        if own and own[0].paid_by is not PaidBy.BLOCK:
            self._left[name, number] -= own[0].amount
        elif own:
            self._left[name, number] = Decimal(0)
            self._used[name, number] += own[0].units
        return bool(own)

    def look(self, findings: Findings) -> None:
        """Name the lines whose messages come to another amount."""
        for (name, number), left in self._left.items():
            if left:
                findings.differ(LAW, self._names[name], f"line {number + 1} has {left} that none of its messages costs")
        for line, used in self._used.items():
            tenant, units, amount = self._further.get(line, ("", 0, Decimal(0)))
            further = {block: further_blocks(used, block.size) for block in self._blocks[tenant]}
            if tenant and (units, amount) not in {(each, block.price * each) for block, each in further.items()}:
                says = f"line {line[1] + 1} has {units} further blocks for {amount}; its messages used {used}"
                findings.differ(LAW, self._names[line[0]], says)


def look_at_bill(found: Dossier, lines: InvoiceLines, scope: Scope, findings: Findings) -> None:
    """Compare what the statuses of a message come to with its usage, and its usage with the invoices."""
    entries = _distinct(note.value for note in found.of(What.USAGE))
    for entry in entries:
        findings.count(LAW, "usage entries")
        findings.add("in usage", entry.currency, entry.amount)
    _look_at_usage(found, entries, scope, findings)
    _look_at_invoices(found, entries, lines, scope, findings)


def _look_at_usage(found: Dossier, entries: Sequence[Usage], scope: Scope, findings: Findings) -> None:
    known = found.of(What.STATUS)
    if any(not scope.is_kept(STATUSES, note.at) for note in (*known, *found.of(What.USAGE))):
        return
    wanted = [forward.value for forward, _ in found.follows if isinstance(forward.value, Usage)]
    if wanted:
        findings.count(LAW, "messages to be billed")
    if any(scope.is_on_its_way(note.at) for note in (*known, *found.of(What.USAGE))):
        return
    for entry in wanted:
        findings.add("to be billed", entry.currency, entry.amount)
    missing, surplus = _without(wanted, entries), _without(entries, wanted)
    for entry in missing:
        findings.differ(LAW, found.subject, f"{_amount(entry)} is to be billed; topic {USAGE.name} lacks it")
    for entry in surplus:
        findings.differ(LAW, found.subject, f"{_amount(entry)} is billed; its statuses do not say so")


def _look_at_invoices(
    found: Dossier, entries: Sequence[Usage], lines: InvoiceLines, scope: Scope, findings: Findings
) -> None:
    mentions = found.of(What.INVOICED)
    for note in mentions:
        if not lines.take_off(note.text, entries, found.message_id):
            findings.differ(LAW, found.subject, f"stands on the invoice at {note.place}; topic {USAGE.name} lacks it")
    times = Counter(mention(note.text)[2] for note in mentions)
    for takes_back, number in times.items():
        there = sum((entry.units < 0) == takes_back for entry in entries)
        if number > max(there, 1):
            findings.differ(LAW, found.subject, f"stands on {number} invoices, and in usage {there} times")
    open_amount = sum((entry.amount for entry in entries if entry.paid_by is PaidBy.INVOICE), Decimal(0))
    if not mentions and open_amount and all(_is_closed(note, scope) for note in found.of(What.USAGE)):
        findings.differ(LAW, found.subject, f"{open_amount} was billed; no invoice names it")


def _is_closed(note: Note, scope: Scope) -> bool:
    """Whether the invoice that an entry belongs on has long been issued, and is still kept."""
    entry = note.value
    assert isinstance(entry, Usage), f"{note.place} is no usage entry"
    try:
        month = max(entry.period, period_of(note.at, entry.timezone))
        due: datetime = start_of(next_month(month), entry.timezone)
    except (ValueError, LookupError):  # no month, or no time zone: its statuses say otherwise
        return False
    return due + PATIENCE < scope.now and scope.is_kept(INVOICES, due)


def _distinct(values: Iterable[object]) -> list[Usage]:
    """What a crash repeated counts once."""
    return list(dict.fromkeys(value for value in values if isinstance(value, Usage)))


def _without(some: Sequence[Usage], others: Sequence[Usage]) -> list[Usage]:
    rest = Counter(others)
    left = []
    for entry in some:
        if rest[entry]:
            rest[entry] -= 1
        else:
            left.append(entry)
    return left


def _amount(entry: Usage) -> str:
    return f"{entry.amount} {entry.currency} for {entry.units} {entry.unit}{'s' if abs(entry.units) != 1 else ''}"
