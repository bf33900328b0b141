"""Invoices computed again from the log agree to the cent, and what was tampered with is found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.effects import Record
from schemas.billing import Invoice, Terms, Usage
from schemas.delivery import DeliveryStatus
from schemas.words import Status
from tests.unit.processors.world import APPOINTMENT, MONDAY, PANTRY, World
from tidings.books import Books, Entry
from tidings.recomputation import differences

R = TypeVar("R")
PERIODS = [f"2026-{month:02d}" for month in range(5, 13)]
BY_PIECE = {"model": "per_segment", "price": "0.02", "size": None, "anchor": None}
BY_BLOCK = {"model": "block", "price": "25.00", "size": 2, "anchor": "2026-06-05"}
AT_THE_END = datetime(2026, 11, 20, tzinfo=UTC)


class Ledger:
    """A pantry whose texts are reported on, and all that the log keeps of its bills."""

    def __init__(self, sms: dict[str, Any]) -> None:
        self.world = World(
            partitions=1,
            settings=None,
        )
        self._watched = {
            topic: self.world.runner.watch(topic)
            for topic in ("billing.terms", "billing.invoices", "billing.usage", "delivery.statuses")
        }
        self.world.happens(
            "settings.changed",
            data={
                **PANTRY,
                "currency": "USD",
                "billing": {"sms": sms},
                "kinds": {"appointment_reminder": {"sms_hours_before": 1}},
                "templates": {"appointment_reminder": {"sms": {"text": "{{ title }}"}}},
            },
        )
        self.world.ann()
        self._reported = 0

    def text(self, number: int, moment: datetime, letters: int, *reports: Status) -> None:
        """One text that leaves at `moment`, with its reports."""
        starts_at = (moment + timedelta(hours=1)).isoformat()
        data = {**APPOINTMENT, "appointment_id": f"a{number}", "starts_at": starts_at, "title": "x" * letters}
        self.world.happens("appointment.scheduled", subject="c1", data=data)
        self.world.runs_until(moment)
        for message in self.world.messages[self._reported :]:
            for status in reports:
                self.world.reports(message, status)
        self._reported = len(self.world.messages)

    def prices(self, sms: dict[str, Any]) -> None:
        self.world.happens("settings.changed", data={"billing": {"sms": sms}})

    def books(self) -> Books:
        self.world.runs_until(AT_THE_END)
        return Books(
            terms=_entries(self._watched["billing.terms"], Terms),
            statuses=_entries(self._watched["delivery.statuses"], DeliveryStatus),
            usage=_entries(self._watched["billing.usage"], Usage),
            invoices=tuple(entry.value for entry in _entries(self._watched["billing.invoices"], Invoice)),
        )


def _entries(records: list[Record], kind: type[R]) -> tuple[Entry[R], ...]:
    return tuple(Entry(value=each.value, at=each.now) for each in records if isinstance(each.value, kind))


def all_differences(books: Books) -> list[str]:
    return [each for period in PERIODS for each in differences(books, period, AT_THE_END)]


HAPPENING = st.tuples(
    st.integers(0, 100),
    st.integers(1, 400),
    st.sampled_from(
        [
            (Status.SENT, Status.DELIVERED),
            (Status.DELIVERED, Status.DELIVERED),
            (Status.SENT, Status.FAILED),
            (Status.FAILED,),
            (Status.UNDELIVERED,),
        ]
    ),
    st.sampled_from(["", "", "", "piece", "block", "dear"]),
)


@settings(max_examples=8)
@given(history=st.lists(HAPPENING, max_size=12), begins=st.sampled_from([BY_PIECE, BY_BLOCK]))
def test_whatever_happened_the_log_comes_to_what_was_issued(
    history: list[tuple[int, int, tuple[Status, ...], str]], begins: dict[str, Any]
) -> None:
    ledger = Ledger({key: value for key, value in begins.items() if value is not None})
    for number, (days, letters, reports, change) in enumerate(sorted(history, key=lambda each: each[0])):
        moment = MONDAY + timedelta(days=days, hours=1, minutes=number)
        if change:
            ledger.prices({"piece": BY_PIECE, "block": BY_BLOCK, "dear": {"price": "0.07"}}[change])
        ledger.text(number, moment, letters, *reports)
    books = ledger.books()
    assert ledger.world.refused == []
    assert all_differences(books) == []
    assert all_differences(replace(books, statuses=())) == []


@pytest.fixture
def billed() -> Books:
    ledger = Ledger({"model": "per_segment", "price": "0.02"})
    for number in range(3):
        ledger.text(number, MONDAY + timedelta(days=number, hours=1), 200, Status.DELIVERED)
    return ledger.books()


def test_an_untouched_log_agrees(billed: Books) -> None:
    assert [str(invoice.total) for invoice in billed.invoices] == ["0.12"]
    assert all_differences(billed) == []


def test_an_invoice_that_is_missing_is_found(billed: Books) -> None:
    assert "was not issued" in all_differences(replace(billed, invoices=()))[0]


def test_an_invoice_that_stands_twice_with_another_time_is_found(billed: Books) -> None:
    [invoice] = billed.invoices
    twice = replace(billed, invoices=(invoice, replace(invoice, at=invoice.at + timedelta(days=1))))
    assert all_differences(twice) != []


def test_a_cent_too_much_is_found(billed: Books) -> None:
    [invoice] = billed.invoices
    dear = replace(billed, invoices=(replace(invoice, total=invoice.total + Decimal("0.01")),))
    assert len(all_differences(dear)) == 2


def test_a_delivery_that_was_not_billed_is_found(billed: Books) -> None:
    [invoice] = billed.invoices
    [line] = invoice.lines
    short = replace(line, units=4, amount=Decimal("0.08"), usage_ids=line.usage_ids[1:])
    assert all_differences(replace(billed, invoices=(replace(invoice, total=Decimal("0.08"), lines=(short,)),))) != []


def test_a_bill_without_a_delivery_is_found(billed: Books) -> None:
    gone = billed.statuses[0].value.message_id
    fewer = replace(
        billed,
        statuses=tuple(entry for entry in billed.statuses if entry.value.message_id != gone),
        usage=tuple(entry for entry in billed.usage if entry.value.message_id != gone),
    )
    assert all_differences(fewer) != []


def test_a_price_that_is_not_that_of_the_terms_is_found(billed: Books) -> None:
    dearer = tuple(replace(entry, value=replace(entry.value, text_price=Decimal("0.01"))) for entry in billed.terms)
    assert any("version 1 of the settings says 0.02" in each for each in all_differences(replace(billed, terms=dearer)))
