"""Law 6 of what is paid ahead: the invoices of a tenant's blocks are those that its terms come to, turn by turn."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from schemas.billing import Invoice, Terms
from schemas.topics import INVOICES, TERMS
from streams.topology import CREDIT
from tidings.audit.findings import Findings
from tidings.audit.notes import Note, What, thing
from tidings.audit.scope import PATIENCE, Scope
from tidings.memory import MemoryRunner

LAW = 6


def on_terms_of_blocks(terms: Terms, plain: Note) -> Note:
    """What is agreed from when on."""
    return replace(plain, about=thing("blocks", terms.tenant), what=What.TERMS, value=terms)


def on_paid_ahead(invoice: Invoice, plain: Note) -> Iterator[Note]:
    """What an invoice asks for a month ahead: its lines that name no message."""
    for text in _paid_ahead(invoice):
        yield replace(plain, about=thing("blocks", invoice.tenant), what=What.PAID_AHEAD, text=text)


def look_at_blocks(tenant: str, notes: Iterator[Note], scope: Scope, findings: Findings) -> None:
    """Compare what was invoiced ahead with what stage credit makes of the terms alone."""
    terms: dict[int, Terms] = {}
    issued: dict[str, Note] = {}
    for note in notes:
        if isinstance(note.value, Terms):
            terms[note.value.version] = note.value
        else:
            issued[note.text] = note
    if not issued and not any(each.block for each in terms.values()):
        return
    wanted = dict(_wanted([terms[version] for version in sorted(terms)], scope.now))
    findings.count(LAW, "months paid ahead", len(issued))
    for text, due in wanted.items():
        is_due = due + PATIENCE < scope.now and scope.is_kept(INVOICES, due)
        if text not in issued and is_due:
            findings.differ(LAW, f"tenant {tenant}", f"its terms come to {_said(text)}; topic {INVOICES.name} lacks it")
    for text, note in issued.items():
        if text not in wanted and not scope.is_on_its_way(note.at):
            findings.differ(LAW, f"tenant {tenant}", f"{_said(text)} at {note.place} does not follow from its terms")


def _wanted(terms: list[Terms], now: datetime) -> Iterator[tuple[str, datetime]]:
    """What is invoiced ahead, and when it is due, by the very functions of stage credit."""
    runner = MemoryRunner((CREDIT,), partitions=1)
    issued = runner.watch(INVOICES.name)
    for each in terms:
        _turn_until(runner, each.since)
        runner.send(TERMS.name, f"{each.tenant}|", each, each.since)
    _turn_until(runner, now)
    for record in issued:
        if isinstance(record.value, Invoice):
            yield from ((text, record.now) for text in _paid_ahead(record.value))


def _turn_until(runner: MemoryRunner, now: datetime) -> None:
    while (due := runner.next_due()) is not None and due < now:
        runner.tick(due)


def _paid_ahead(invoice: Invoice) -> Iterator[str]:
    for line in invoice.lines:
        if not line.usage_ids:
            yield f"{invoice.period}\0{line.units}\0{line.amount}\0{invoice.currency}"


def _said(text: str) -> str:
    period, units, amount, currency = text.split("\0")
    return f"{units} for {amount} {currency} ahead in {period}"
