"""Overdue quotes and invoices: reminded of on their days at nine, until they are answered or paid."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.words import Status
from tests.unit.processors.world import MONDAY, PANTRY, World

DAYS = (1, 7, 14)
NINE = [datetime(2026, 6, 5 + day, 13, tzinfo=UTC) for day in DAYS]
"""Nine o'clock in New York, on the days after 5 June."""
INVOICE = {"number": "1", "due_on": "2026-06-05", "amount": "90.00", "link": "https://portal.example/i/1"}


def firm(settings: Any = None, **contact: Any) -> World:
    world = World(settings={**PANTRY, **(settings or {})})
    world.ann(**contact)
    return world


def hours(world: World) -> list[datetime]:
    return [message.commanded_at for message in world.messages]


@pytest.mark.parametrize("answer", ["invoice.paid", "invoice.voided"])
def test_an_invoice_is_reminded_of_until_it_is_answered(answer: str) -> None:
    world = firm()
    event = world.happens("invoice.issued", subject="c1", data=INVOICE)
    world.passes(days=8)
    world.happens(answer, subject="c1", data={"number": "1"})
    world.passes(days=30)
    assert hours(world) == NINE[:1]
    assert [reason for _, channel, reason in world.reasons(event) if channel == "email"].count(
        "cancelled_by_event"
    ) == 2


def test_a_quote_and_an_invoice_of_one_number_are_two_things() -> None:
    world = firm()
    world.happens("invoice.issued", subject="c1", data=INVOICE)
    world.happens("quote.sent", subject="c1", data=INVOICE)
    world.happens("invoice.paid", subject="c1", data={"number": "1"})
    world.passes(days=30)
    assert [(message.kind, message.commanded_at) for message in world.messages] == [
        ("quote_overdue", moment) for moment in NINE
    ]
    assert len({message.message_id for message in world.messages}) == len(DAYS)


@pytest.mark.parametrize(
    ("contact", "hour"), [({}, 13), ({"timezone": "America/Los_Angeles"}, 16), ({"timezone": "Europe/Berlin"}, 7)]
)
def test_nine_is_nine_where_the_contact_lives(contact: dict[str, str], hour: int) -> None:
    world = firm(**contact)
    world.happens("invoice.issued", subject="c1", data=INVOICE)
    world.passes(days=6)
    assert hours(world) == [datetime(2026, 6, 6, hour, tzinfo=UTC)]


def test_an_hour_that_does_not_exist_moves_forward() -> None:
    world = firm({"timezone": "America/New_York", "kinds": {"invoice_overdue": {"days": [1], "at": "02:30"}}})
    world.happens("invoice.issued", subject="c1", data={**INVOICE, "due_on": "2027-03-13"})
    world.runs_until(datetime(2027, 4, 1, tzinfo=UTC))
    assert hours(world) == [datetime(2027, 3, 14, 7, 30, tzinfo=UTC)]


def test_days_that_have_passed_when_the_invoice_comes_are_not_made_up_for() -> None:
    world = firm()
    event = world.happens("invoice.issued", subject="c1", data={**INVOICE, "due_on": "2026-05-24"})
    world.passes(days=30)
    assert hours(world) == [datetime(2026, 6, 7, 13, tzinfo=UTC)]
    assert world.reasons(event).count(("dropped", "email", "reminder_window_passed")) == 2


def test_after_a_standstill_one_reminder_leaves() -> None:
    world = firm()
    event = world.happens("invoice.issued", subject="c1", data=INVOICE)
    world.now = MONDAY + timedelta(days=30)
    world.runner.tick(world.now)
    assert len(world.messages) == 1
    assert [reason for _, channel, reason in world.reasons(event) if channel == "email" and reason] == [
        "expired:2026-06-12T13:00:00Z",
        "expired:2026-06-19T13:00:00Z",
    ]


def test_no_days_are_no_reminders() -> None:
    world = firm({"kinds": {"invoice_overdue": {"days": []}}})
    event = world.happens("invoice.issued", subject="c1", data=INVOICE)
    assert ("dropped", "email", "setting_off:days") in world.reasons(event)


@pytest.mark.parametrize("day", [0, 2], ids=["the first reminder", "the last reminder"])
def test_a_payment_stops_what_still_waits_for_the_end_of_quiet_hours(day: int) -> None:
    quiet = {"start": "08:00", "end": "20:00", "channels": ["email"]}
    world = firm({"quiet_hours": quiet})
    event = world.happens("invoice.issued", subject="c1", data=INVOICE)
    world.runs_until(NINE[day] + timedelta(hours=1))
    assert len(world.messages) == day
    world.happens("invoice.paid", subject="c1", data={"number": "1"})
    world.passes(days=30)
    assert len(world.messages) == day
    assert world.reasons(event)[-1][2] == "cancelled_by_event"


def test_a_payment_withdraws_a_reminder_that_may_still_be_at_the_gateway() -> None:
    world = firm({"kinds": {"invoice_overdue": {"days": [1]}}})
    world.happens("invoice.issued", subject="c1", data=INVOICE)
    world.passes(days=6)
    [mail] = world.messages
    world.reports(mail, Status.DELIVERED)
    world.happens("invoice.paid", subject="c1", data={"number": "1"})
    assert [withdrawal.message_id for withdrawal in world.withdrawals] == [mail.message_id]


def test_who_wants_no_reminders_gets_none_also_when_that_comes_later() -> None:
    world = firm()
    event = world.happens("invoice.issued", subject="c1", data=INVOICE)
    world.happens("contact.changed", subject="c1", data={"reminders": False})
    world.passes(days=30)
    assert hours(world) == []
    assert world.reasons(event).count(("dropped", "email", "reminders_off")) == len(DAYS)


def test_a_date_at_the_end_of_the_calendar_is_refused() -> None:
    world = firm()
    world.happens("settings.changed", data={})
    with pytest.raises(ValueError, match="not a date one can plan for"):
        world.happens("invoice.issued", subject="c1", data={**INVOICE, "due_on": "9999-12-31"})


STEPS = st.lists(
    st.tuples(st.sampled_from(["issued", "paid", "voided"]), st.integers(0, 25 * 24)),
    min_size=1,
    max_size=5,
    unique_by=lambda step: step[1],
)


@settings(max_examples=150)
@given(STEPS, st.data())
def test_nobody_is_reminded_of_what_is_paid(steps: list[tuple[str, int]], data: st.DataObject) -> None:
    """Issued, paid, voided and issued anew at any hour, each told again at any later time."""
    world, alive, wanted = firm(), False, []
    told: list[tuple[str, str, str]] = []
    ordered = sorted(((MONDAY + timedelta(hours=hour), step) for step, hour in steps), key=lambda each: each[0])
    for (now, step), (later, _) in pairwise([*ordered, (MONDAY + timedelta(days=60), "")]):
        if now > world.now:  # at one instant events are taken before timers
            world.runs_until(now - timedelta(milliseconds=1))
            world.now = now
        told.append((f"x{len(told)}", step, now.isoformat()))
        for event_id, kind_of_step, time in [told[-1], data.draw(st.sampled_from(told))]:
            fields = INVOICE if kind_of_step == "issued" else {"number": "1"}
            world.happens(f"invoice.{kind_of_step}", id=event_id, time=time, subject="c1", data=fields)
        alive = step == "issued"
        wanted += [moment for moment in NINE if alive and now <= moment < later]
    world.passes(days=60)
    assert hours(world) == wanted


@settings(max_examples=100)
@given(st.lists(st.sampled_from(["issued", "paid", "voided"]), min_size=1, max_size=4), st.data())
def test_what_happened_last_holds_in_whatever_order_it_is_told(story: list[str], data: st.DataObject) -> None:
    told = [(f"x{number}", step, MONDAY + timedelta(minutes=number)) for number, step in enumerate(story)]
    world = firm()
    world.now = MONDAY + timedelta(hours=1)
    for event_id, step, time in data.draw(st.permutations(told + told[:2])):
        fields = INVOICE if step == "issued" else {"number": "1"}
        world.happens(f"invoice.{step}", id=event_id, time=time.isoformat(), subject="c1", data=fields)
    world.passes(days=60)
    assert hours(world) == (NINE if story[-1] == "issued" else [])
    assert len({message.message_id for message in world.messages}) == len(world.messages)
