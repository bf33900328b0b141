"""Invoices name every message once, add up to the cent, and are issued when the tenant's month turns."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.credit.tables import BLOCK_ENTRIES, MONTH_ENTRIES
from processors.invoicing import further_blocks, month_invoices
from schemas.billing import BlockPrice, Invoice, PaidBy, Terms, Usage
from schemas.topics import INVOICES, TERMS, USAGE
from schemas.words import Channel
from streams.topology import CREDIT
from tidings.memory import MemoryRunner

MARCH_31 = datetime(2026, 3, 31, 16, tzinfo=UTC)
TORONTO = "America/Toronto"
BLOCK = Terms(
    tenant="field",
    version=1,
    since=MARCH_31,
    timezone=TORONTO,
    currency="USD",
    block=BlockPrice(size=2, price=Decimal("25.00"), anchor="2026-04-01"),
)


class Books:
    """Stage credit alone, on a clock of its own."""

    def __init__(self, partitions: int = 1) -> None:
        self.runner = MemoryRunner((CREDIT,), partitions=partitions, through_codec=True)
        self._issued = self.runner.watch(INVOICES.name)
        self.now = MARCH_31

    def agrees(self, terms: Terms) -> None:
        self.runner.send(TERMS.name, f"{terms.tenant}|", terms, self.now)

    def uses(self, *entries: Usage) -> None:
        for entry in entries:
            self.runner.send(USAGE.name, f"{entry.tenant}|", entry, self.now)

    def runs_until(self, moment: datetime) -> None:
        while (due := self.runner.next_due()) is not None and due <= moment:
            self.now = max(self.now, due)
            self.runner.tick(self.now)
        self.now = moment

    @property
    def invoices(self) -> list[Invoice]:
        return [record.value for record in self._issued if isinstance(record.value, Invoice)]

    @property
    def totals(self) -> list[tuple[str, str]]:
        return [(invoice.period, str(invoice.total)) for invoice in self.invoices]


def text(number: int, day: datetime, units: int = 1, paid_by: PaidBy = PaidBy.BLOCK) -> Usage:
    return Usage(
        message_id=f"m{number:04d}",
        tenant="field",
        channel=Channel.SMS,
        units=units,
        unit="segment",
        amount=Decimal("0.00") if paid_by is PaidBy.BLOCK else Decimal("0.02") * units,
        currency="USD",
        period=f"{day:%Y-%m}",
        at=day,
        paid_by=paid_by,
        commanded_at=day,
        timezone=TORONTO,
    )


def day(month: int, number: int) -> datetime:
    return datetime(2026, month, number, 16, tzinfo=UTC)


def taken_back(entry: Usage) -> Usage:
    return replace(entry, units=-entry.units, amount=-entry.amount)


@pytest.mark.parametrize(
    ("used", "size", "blocks"), [(0, 500, 0), (500, 500, 0), (501, 500, 1), (1000, 500, 1), (1001, 500, 2), (-3, 2, 0)]
)
def test_a_started_block_counts_whole(used: int, size: int, blocks: int) -> None:
    assert further_blocks(used, size) == blocks


def test_a_subscription_that_ends_is_settled_and_then_silent() -> None:
    books = Books()
    books.agrees(BLOCK)
    books.runs_until(day(4, 10))
    books.uses(*(text(number, day(4, 10)) for number in range(3)))
    books.agrees(replace(BLOCK, version=2, since=day(4, 10), block=None))
    books.runs_until(day(9, 1))
    assert books.totals == [("2026-04", "25.00"), ("2026-05", "25.00")]
    assert books.invoices[1].lines[0].usage_ids == ("m0000", "m0001", "m0002")


def test_who_comes_back_pays_ahead_again() -> None:
    books = Books()
    books.agrees(BLOCK)
    books.runs_until(day(4, 10))
    books.agrees(replace(BLOCK, version=2, since=day(4, 10), block=None))
    books.runs_until(day(7, 10))
    books.agrees(replace(BLOCK, version=3, since=day(7, 10)))
    books.runs_until(day(8, 2))
    assert books.totals == [("2026-04", "25.00"), ("2026-08", "25.00")]


def test_a_new_price_counts_from_the_next_turn_on() -> None:
    books = Books()
    books.agrees(BLOCK)
    books.runs_until(day(4, 10))
    books.uses(*(text(number, day(4, 10)) for number in range(3)))
    books.agrees(
        replace(
            BLOCK, version=2, since=day(4, 10), block=BlockPrice(size=1, price=Decimal("40.00"), anchor="2026-04-01")
        )
    )
    books.runs_until(day(5, 2))
    assert books.totals == [("2026-04", "25.00"), ("2026-05", "65.00")]


def test_a_moved_anchor_counts_after_the_month_that_is_paid() -> None:
    books = Books()
    books.agrees(BLOCK)
    books.runs_until(day(4, 10))
    moved = BlockPrice(size=2, price=Decimal("25.00"), anchor="2026-04-15")
    books.agrees(replace(BLOCK, version=2, since=day(4, 10), block=moved))
    books.runs_until(day(6, 20))
    issued = [(invoice.period, invoice.at) for invoice in books.invoices]
    assert issued == [
        ("2026-04", datetime(2026, 4, 1, 4, tzinfo=UTC)),
        ("2026-05", datetime(2026, 5, 1, 4, tzinfo=UTC)),
        ("2026-05", datetime(2026, 5, 15, 4, tzinfo=UTC)),
        ("2026-06", datetime(2026, 6, 15, 4, tzinfo=UTC)),
    ]


def test_terms_that_change_before_the_first_month_begin_with_it() -> None:
    books = Books()
    books.agrees(BLOCK)
    later = BlockPrice(size=2, price=Decimal("30.00"), anchor="2026-04-05")
    books.agrees(replace(BLOCK, version=2, block=later))
    books.runs_until(day(4, 20))
    assert books.totals == [("2026-04", "30.00")]


def test_texts_before_the_anchor_stand_on_its_invoice_as_the_month_before() -> None:
    books = Books()
    books.agrees(BLOCK)
    books.uses(*(text(number, MARCH_31 + timedelta(hours=1)) for number in range(3)))
    books.runs_until(day(5, 2))
    assert books.totals == [("2026-04", "50.00"), ("2026-05", "25.00")]
    base, further = books.invoices[0].lines
    assert (base.usage_ids, further.units, further.usage_ids) == ((), 1, ("m0000", "m0001", "m0002"))


def test_who_joins_in_the_course_of_a_month_has_it_settled_at_its_turn() -> None:
    books = Books()
    books.runs_until(day(4, 10))
    books.agrees(replace(BLOCK, since=day(4, 10)))
    books.uses(text(1, day(4, 10)))
    books.runs_until(day(5, 2))
    assert books.totals == [("2026-05", "25.00")]
    assert [line.usage_ids for line in books.invoices[0].lines] == [(), ("m0001",)]


def test_blocks_that_are_given_up_before_the_anchor_are_settled_at_it() -> None:
    books = Books()
    books.agrees(BLOCK)
    books.uses(*(text(number, MARCH_31 + timedelta(hours=1)) for number in range(5)))
    books.agrees(replace(BLOCK, version=2, since=MARCH_31 + timedelta(hours=2), block=None))
    books.runs_until(day(7, 1))
    assert books.totals == [("2026-04", "50.00")]


def test_old_terms_that_come_again_change_nothing() -> None:
    books = Books()
    books.agrees(BLOCK)
    books.agrees(replace(BLOCK, version=2, block=None))
    books.agrees(BLOCK)
    books.runs_until(day(6, 1))
    assert books.invoices == []


def test_turns_that_were_slept_through_are_made_up_for() -> None:
    books = Books()
    books.agrees(BLOCK)
    books.now = day(6, 10)
    books.runs_until(day(6, 10))
    assert books.totals == [("2026-04", "25.00"), ("2026-05", "25.00"), ("2026-06", "25.00")]


def test_a_text_that_comes_after_its_month_has_turned_counts_in_the_next() -> None:
    books = Books()
    books.agrees(BLOCK)
    books.runs_until(day(5, 2))
    books.uses(*(text(number, day(4, 29)) for number in range(3)))
    books.runs_until(day(6, 2))
    assert books.totals[-1] == ("2026-06", "50.00")


def test_an_entry_that_comes_after_its_invoice_stands_on_the_next() -> None:
    books = Books()
    books.uses(text(1, day(4, 10), paid_by=PaidBy.INVOICE))
    books.runs_until(day(5, 2))
    books.uses(text(2, day(4, 30), paid_by=PaidBy.INVOICE))
    books.runs_until(day(6, 2))
    assert [(invoice.period, invoice.lines[0].usage_ids) for invoice in books.invoices] == [
        ("2026-04", ("m0001",)),
        ("2026-05", ("m0002",)),
    ]


def test_what_failed_after_all_vanishes_from_an_open_invoice_and_is_credited_on_the_next() -> None:
    books = Books()
    first, second, third = (text(number, day(4, 10), paid_by=PaidBy.INVOICE) for number in (1, 2, 3))
    books.uses(first, second, taken_back(second))
    books.runs_until(day(5, 2))
    books.uses(taken_back(first), taken_back(first), replace(third, units=5, amount=Decimal("0.10")))
    books.runs_until(day(6, 2))
    assert books.totals == [("2026-04", "0.02"), ("2026-05", "0.08")]
    assert [(line.units, line.usage_ids) for line in books.invoices[1].lines] == [(5, ("m0003",)), (-1, ("m0001",))]


def test_a_month_of_many_messages_leaves_no_rows_behind() -> None:
    books = Books()
    books.agrees(BLOCK)
    for paid_by, first in ((PaidBy.BLOCK, 0), (PaidBy.INVOICE, 5000)):
        books.uses(*(text(first + number, day(4, 10), paid_by=paid_by) for number in range(4500)))
    books.runs_until(day(5, 2))
    assert sorted(books.totals) == [("2026-04", "25.00"), ("2026-04", "90.00"), ("2026-05", "56250.00")]
    assert books.runner.rows("credit", MONTH_ENTRIES) == {}
    assert books.runner.rows("credit", BLOCK_ENTRIES) == {}


def test_currencies_and_channels_do_not_mix() -> None:
    texts = [text(number, day(4, 10), paid_by=PaidBy.INVOICE) for number in range(3)]
    entries = [texts[0], replace(texts[1], currency="CAD"), replace(texts[2], channel=Channel.VOICE, unit="minute")]
    issued = list(month_invoices("field", "2026-04", entries, day(5, 1)))
    assert [(invoice.currency, len(invoice.lines)) for invoice in issued] == [("CAD", 1), ("USD", 2)]


ENTRY = st.tuples(
    st.integers(0, 40),
    st.integers(0, 120),  # the anchor is a day after MARCH_31
    st.integers(1, 8),
    st.sampled_from([PaidBy.INVOICE, PaidBy.BLOCK, PaidBy.CREDITS]),
    st.booleans(),
)


@settings(max_examples=60)
@given(history=st.lists(ENTRY, max_size=40), repeats=st.booleans(), partitions=st.sampled_from([1, 4]))
def test_every_message_stands_on_one_invoice_and_totals_are_the_sum_of_usage(
    history: list[tuple[int, int, int, PaidBy, bool]], repeats: bool, partitions: int
) -> None:
    books = Books(partitions)
    books.agrees(BLOCK)
    entries: dict[str, Usage] = {}
    for number, after_days, units, paid_by, fails in sorted(history, key=lambda each: each[1]):
        moment = MARCH_31 + timedelta(days=after_days)
        books.runs_until(moment)
        entry = text(number, moment, units, paid_by)
        if entry.message_id in entries:
            continue
        books.uses(*[entry] * (1 + repeats))
        if fails:
            books.uses(*[taken_back(entry)] * (1 + repeats))
        else:
            entries[entry.message_id] = entry
    books.runs_until(datetime(2026, 12, 31, 16, tzinfo=UTC))
    billed = [entry for entry in entries.values() if entry.paid_by is PaidBy.INVOICE]
    block_price = Decimal("25.00")
    bases = sum(1 for invoice in books.invoices for line in invoice.lines if not line.usage_ids)
    further = sum(
        line.amount
        for invoice in books.invoices
        for line in invoice.lines
        if line.usage_ids and entries[line.usage_ids[0]].paid_by is PaidBy.BLOCK
    )
    total = sum((invoice.total for invoice in books.invoices), Decimal(0))
    assert total == sum((entry.amount for entry in billed), Decimal(0)) + bases * block_price + further
    assert bases == 9
    named = Counter(id_ for invoice in books.invoices for line in invoice.lines for id_ in line.usage_ids)
    assert named == Counter(entry.message_id for entry in entries.values() if entry.paid_by is not PaidBy.CREDITS)
    assert all(isinstance(invoice.total, Decimal) for invoice in books.invoices)
