"""Reports become one status; what it costs, what it decides."""

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from processors.status import FOLDED
from schemas.billing import Usage
from schemas.state import Folded
from schemas.words import Status
from tests.unit.processors.world import APPOINTMENT, PANTRY, World

BILLED = {
    **PANTRY,
    "currency": "USD",
    "billing": {"sms": {"model": "per_segment", "price": "0.02"}},
    "kinds": {"appointment_reminder": {"sms_hours_before": 24}},
}


def texted(**billing: Any) -> World:
    """A pantry that has just commanded one text."""
    sms = {**BILLED["billing"]["sms"], **billing}
    world = World(settings={**BILLED, "billing": {"sms": sms}})
    world.ann()
    world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
    world.passes(days=9)
    return world


def folded(world: World) -> Status:
    [row] = world.runner.rows("settle", FOLDED).values()
    assert isinstance(row, Folded)
    return row.status.status


@pytest.mark.parametrize("order", list(permutations([Status.ACCEPTED, Status.SENT, Status.DELIVERED])))
def test_reports_in_any_order_and_twice_are_one_status_and_one_charge(order: tuple[Status, ...]) -> None:
    world = texted()
    for status in order * 2:
        world.reports(world.messages[0], status)
    assert folded(world) is Status.DELIVERED
    [usage] = world.of("billing.usage", Usage)
    assert (usage.units, usage.unit, usage.amount, usage.period) == (1, "segment", Decimal("0.02"), "2026-06")


@pytest.mark.parametrize(
    ("status", "more", "outcome", "reason"),
    [
        (Status.FAILED, {"code": "400"}, "dropped", "provider_rejected:400"),
        (Status.EXPIRED, {"reason": "expired:2026-06-10T19:00:00Z"}, "dropped", "expired:2026-06-10T19:00:00Z"),
        (Status.SUPPRESSED, {"reason": "opted_out:all"}, "dropped", "opted_out:all"),
        (Status.EXPIRED, {}, "dropped", "provider_rejected:expired"),
        (Status.SUPPRESSED, {"code": "21610"}, "dropped", "provider_rejected:21610"),
        (Status.CANCELLED, {"reason": "cancelled_by_event"}, "cancelled", "cancelled_by_event"),
        (Status.DOUBTFUL, {"reason": "doubtful"}, "dropped", "doubtful"),
    ],
)
def test_a_message_that_reaches_nobody_is_decided_and_not_charged(
    status: Status, more: dict[str, Any], outcome: str, reason: str
) -> None:
    world = texted()
    world.reports(world.messages[0], status, **more)
    assert (world.decisions[-1].outcome, world.decisions[-1].reason) == (outcome, reason)
    assert world.of("billing.usage", Usage) == []


def test_a_doubt_that_is_followed_by_another_attempt_decides_nothing() -> None:
    world = texted()
    before = len(world.decisions)
    world.reports(world.messages[0], Status.DOUBTFUL)
    world.reports(world.messages[0], Status.DELIVERED, attempt=2)
    assert (len(world.decisions), folded(world)) == (before, Status.DELIVERED)


def test_a_doubt_that_no_attempt_follows_after_all_is_decided_once() -> None:
    world = texted()
    before = len(world.decisions)
    world.reports(world.messages[0], Status.DOUBTFUL)
    world.reports(world.messages[0], Status.DOUBTFUL, reason="doubtful")
    world.reports(world.messages[0], Status.DOUBTFUL)
    world.reports(world.messages[0], Status.DOUBTFUL, reason="doubtful")
    assert [(each.outcome, each.reason) for each in world.decisions[before:]] == [("dropped", "doubtful")]


def test_under_blocks_a_text_costs_nothing_by_itself() -> None:
    world = texted(model="block", price="25.00", size=500, anchor="2026-04-01")
    world.reports(world.messages[0], Status.DELIVERED)
    assert [usage.amount for usage in world.of("billing.usage", Usage)] == [Decimal("0.00")]


def test_a_later_attempt_starts_anew() -> None:
    world = texted()
    reports = [{"status": Status.FAILED}, {"status": Status.ACCEPTED, "attempt": 2}]
    for report in reports:
        world.reports(world.messages[0], **report)  # type: ignore[arg-type]  # a table of keywords
    assert folded(world) is Status.ACCEPTED


def test_a_message_in_doubt_that_a_person_had_sent_again_is_decided_as_sent_and_charged_once() -> None:
    world = texted()
    before = len(world.decisions)
    world.reports(world.messages[0], Status.DOUBTFUL, reason="doubtful")
    world.reports(world.messages[0], Status.DOUBTFUL, reason="doubtful", detail="staff s1 has it sent again")
    world.reports(world.messages[0], Status.ACCEPTED, attempt=2)
    world.reports(world.messages[0], Status.DELIVERED, attempt=2)
    decided = [(each.outcome, each.reason) for each in world.decisions[before:]]
    assert decided == [("dropped", "doubtful"), ("sent", None)]
    assert len(world.of("billing.usage", Usage)) == 1
