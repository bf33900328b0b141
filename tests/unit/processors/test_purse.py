"""The purse: the cap first, then credits; nothing is taken twice, and what is not billed comes back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from processors.credit.tables import PAID, PURSES, SPENT
from schemas.billing import CreditChange, Invoice, Usage
from schemas.message import Message
from schemas.purse import Purse, Spent
from schemas.topics import CHARGES, USAGE
from schemas.words import Status
from tests.unit.processors.world import APPOINTMENT, PANTRY, World

PRICED = {
    **PANTRY,
    "currency": "USD",
    "kinds": {"appointment_reminder": {"sms_hours_before": 24}},
    "templates": {"appointment_reminder": {"sms": {"text": "{{ title }}"}}},
}
JUNE_9 = datetime(2026, 6, 9, 21, tzinfo=UTC)


def billed(texts: int = 1, *, cap: str | None = None, **sms: Any) -> World:
    """A pantry with so many reminders due on one day, none of them due yet."""
    billing: dict[str, Any] = {"sms": {"model": "per_segment", "price": "0.02", **sms}}
    if cap is not None:
        billing["spend_cap"] = {"per_month": cap}
    world = World(settings={**PRICED, "billing": billing})
    world.ann()
    for number in range(texts):
        starts_at = f"2026-06-10T15:{number:02d}:00-04:00"
        data = {**APPOINTMENT, "appointment_id": f"a{number}", "starts_at": starts_at, "title": f"T{number}"}
        world.happens("appointment.scheduled", subject="c1", data=data)
    return world


def buys(world: World, quantity: int = 500) -> None:
    world.happens("credits.purchased", data={"channel": "sms", "quantity": quantity, "paid_by": "card"})


def credits_left(world: World) -> int:
    purse = world.runner.rows("credit", PURSES).get("pantry")
    return purse.credits if isinstance(purse, Purse) else 0


def spent(world: World, month: str = "2026-06") -> Decimal:
    row = world.runner.rows("credit", SPENT).get(f"pantry\0{month}")
    return row.amount if isinstance(row, Spent) else Decimal(0)


def again(world: World, topic: str, value: object) -> None:
    """The same record once more, as after a crash."""
    world.runner.send(topic, "pantry|", value, world.now)


def test_texts_on_their_way_count_into_the_cap() -> None:
    world = billed(4, cap="0.05")
    world.runs_until(JUNE_9)
    assert [message.text for message in world.messages] == ["T0", "T1"]
    dropped = [each.reason for each in world.decisions if each.outcome == "dropped" and each.channel == "sms"]
    assert dropped == ["spend_cap_reached"] * 2
    assert spent(world) == Decimal("0.04")


def by_blocks(texts: int, cap: str) -> World:
    """A pantry whose blocks of two texts began in May, with so many reminders due on June 9."""
    block = {"model": "block", "price": "25.00", "size": 2, "anchor": "2026-06-05"}
    return billed(texts, cap=cap, **block)


def test_under_blocks_the_cap_counts_the_base_and_each_block_that_is_started() -> None:
    world = by_blocks(6, cap="50.00")
    world.runs_until(JUNE_9)
    assert [message.text for message in world.messages] == ["T0", "T1", "T2", "T3"]
    assert spent(world) == Decimal("50.00")
    dropped = [each for each in world.decisions if each.reason == "spend_cap_reached"]
    assert [each.facts["amount"] for each in dropped] == ["25.00"] * 2


def test_a_cap_below_the_base_lets_the_paid_block_be_used_up() -> None:
    world = by_blocks(3, cap="10.00")
    world.runs_until(JUNE_9)
    assert [message.text for message in world.messages] == ["T0", "T1"]


def test_a_block_whose_only_text_failed_is_not_spent() -> None:
    world = by_blocks(4, cap="50.00")
    world.runs_until(datetime(2026, 6, 9, 19, 2, tzinfo=UTC))
    assert len(world.messages) == 3
    assert spent(world) == Decimal("50.00")
    world.reports(world.messages[2], Status.FAILED)
    assert spent(world) == Decimal("25.00")
    again(
        world,
        CHARGES.name,
        CreditChange(tenant="pantry", event_id="e", credits=0, message_id=world.messages[2].message_id),
    )
    assert spent(world) == Decimal("25.00")
    world.runs_until(JUNE_9)
    assert len(world.messages) == 4


def test_a_cap_set_later_knows_what_of_the_block_is_used() -> None:
    world = by_blocks(5, cap="1000.00")
    world.happens("settings.changed", data={"billing": {"spend_cap": None}})
    world.runs_until(datetime(2026, 6, 9, 19, 2, tzinfo=UTC))
    for message in world.messages:
        world.reports(message, Status.DELIVERED)
    assert spent(world) == Decimal("50.00")
    world.happens("settings.changed", data={"billing": {"spend_cap": {"per_month": "50.00"}}})
    world.runs_until(JUNE_9)
    assert [message.text for message in world.messages] == ["T0", "T1", "T2", "T3"]


def test_a_cap_that_is_met_exactly_is_not_exceeded() -> None:
    world = billed(2, cap="0.04")
    world.runs_until(JUNE_9)
    assert len(world.messages) == 2


def test_a_cap_set_in_the_middle_of_a_month_counts_what_was_billed_before() -> None:
    world = billed(3)
    world.runs_until(datetime(2026, 6, 9, 19, 1, tzinfo=UTC))
    for message in world.messages:
        world.reports(message, Status.DELIVERED)
    world.happens("settings.changed", data={"billing": {"spend_cap": {"per_month": "0.05"}}})
    world.runs_until(JUNE_9)
    assert [message.text for message in world.messages] == ["T0", "T1"]
    assert spent(world) == Decimal("0.04")


def test_the_cap_is_asked_before_credits() -> None:
    world = billed(1, cap="0.01", prepaid=True)
    world.runs_until(JUNE_9)
    assert world.decisions[-1].reason == "spend_cap_reached"


def test_a_parked_text_meets_the_cap_when_it_leaves() -> None:
    world = billed(3, cap="0.05", prepaid=True)
    world.runs_until(JUNE_9)
    buys(world)
    assert [message.text for message in world.messages] == ["T0", "T1"]
    assert world.decisions[-1].reason == "spend_cap_reached"
    assert (credits_left(world), spent(world)) == (498, Decimal("0.04"))


def test_a_parked_text_is_ordered_when_it_leaves() -> None:
    world = billed(1, prepaid=True)
    world.runs_until(JUNE_9)
    buys(world)
    assert [message.commanded_at for message in world.messages] == [JUNE_9]


def test_what_failed_gives_back_its_credits_and_its_room_under_the_cap_once() -> None:
    world = billed(1, cap="1.00", prepaid=True)
    buys(world)
    world.runs_until(JUNE_9)
    [message] = world.messages
    assert (credits_left(world), spent(world)) == (499, Decimal("0.02"))
    world.reports(message, Status.FAILED, code="400")
    unused = CreditChange(tenant="pantry", event_id=message.event_id, credits=0, message_id=message.message_id)
    again(world, CHARGES.name, unused)
    assert (credits_left(world), spent(world)) == (500, Decimal("0.00"))


def test_what_failed_and_arrived_at_a_later_attempt_is_paid_after_all() -> None:
    world = billed(1, cap="1.00", prepaid=True)
    buys(world)
    world.runs_until(JUNE_9)
    [message] = world.messages
    world.reports(message, Status.FAILED, code="400")
    world.reports(message, Status.DELIVERED, attempt=2)
    assert (credits_left(world), spent(world)) == (499, Decimal("0.02"))


def test_a_command_a_purchase_and_an_entry_that_come_twice_count_once() -> None:
    world = billed(1, cap="1.00", prepaid=True)
    buys(world)
    again(world, CHARGES.name, CreditChange(tenant="pantry", event_id="e4", credits=500, source="/"))
    world.runs_until(JUNE_9)
    [message] = world.messages
    again(world, CHARGES.name, message)
    world.reports(message, Status.DELIVERED)
    [usage] = world.of("billing.usage", Usage)
    again(world, USAGE.name, usage)
    assert (len(world.messages), credits_left(world), spent(world)) == (1, 499, Decimal("0.02"))


def test_a_resend_is_paid_once() -> None:
    world = billed(1, prepaid=True)
    buys(world)
    world.runs_until(JUNE_9)
    [message] = world.messages
    resent = Message(**{**{name: getattr(message, name) for name in message.__slots__}, "commanded_at": JUNE_9})
    again(world, CHARGES.name, resent)
    assert (len(world.messages), credits_left(world)) == (2, 499)
    assert len(world.runner.rows("credit", PAID)) == 1


def test_many_parked_texts_leave_in_order_some_at_a_time() -> None:
    world = billed(0, prepaid=True)
    for number in range(620):
        starts_at = (datetime(2026, 6, 10, 19, tzinfo=UTC) + timedelta(seconds=number)).isoformat()
        data = {**APPOINTMENT, "appointment_id": f"a{number}", "starts_at": starts_at, "title": f"{number:03d}"}
        world.happens("appointment.scheduled", subject="c1", data=data)
    world.runs_until(datetime(2026, 6, 9, 20, tzinfo=UTC))
    buys(world, 600)
    world.passes(seconds=5)
    texts = [message.text for message in world.messages]
    assert texts[:500] == [f"{number:03d}" for number in range(500)]
    assert sorted(texts[500:]) == [f"{number:03d}" for number in range(500, 600)]
    assert credits_left(world) == 0


def test_prepaid_texts_stand_on_no_invoice() -> None:
    world = billed(1, prepaid=True)
    invoices = world.runner.watch("billing.invoices")
    buys(world)
    world.runs_until(JUNE_9)
    world.reports(world.messages[0], Status.DELIVERED)
    world.passes(days=60)
    assert [usage.amount for usage in world.of("billing.usage", Usage)] == [Decimal("0.02")]
    assert [record.value for record in invoices if isinstance(record.value, Invoice)] == []
