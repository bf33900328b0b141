"""Caps are counted in the order of leaving: a contact that moves to another zone may have two days in one."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.allowance import Allowance
from schemas.delivery import DeliveryStatus
from schemas.message import Message
from schemas.state import Folded
from schemas.words import Status
from tests.simulation.shop_laws import Books, _cap_laws
from tests.unit.processors.test_allowances import text

CAPS = {"marketing": {"per_day": 1, "per_week": 3}}
TOKYO = Allowance(timezone="Asia/Tokyo", per_day=1, per_week=3)
NEW_YORK = Allowance(timezone="America/New_York", per_day=1, per_week=3)
EARLY = text("early", commanded_at=datetime(2026, 6, 1, 14, tzinfo=UTC), allowance=TOKYO)
LATE = text("late", commanded_at=datetime(2026, 6, 1, 22, 33, tzinfo=UTC), allowance=NEW_YORK)
"""On one day in New York, and on two in Tokyo."""


def delivered(message: Message) -> Folded:
    """The row of a message that arrived."""
    names = {field.name for field in fields(DeliveryStatus)} & {field.name for field in fields(Message)}
    said: dict[str, Any] = {name: getattr(message, name) for name in names}
    return Folded(status=DeliveryStatus(**said, status=Status.DELIVERED, attempt=1, at=message.commanded_at))


def broken(messages: Sequence[Message]) -> list[str]:
    """What the law says if the messages left in this order and were delivered."""
    books = Books(
        decisions=(),
        commands={each.message_id: each for each in messages},
        leaving=[each.message_id for each in messages],
        folded={each.message_id: delivered(each) for each in messages},
        places={},
        queued=0,
        credits=0,
        waiting=0,
    )
    return list(_cap_laws(books, CAPS))


@pytest.mark.parametrize(
    ("messages", "count"),
    [
        ([LATE, EARLY], 0),
        ([EARLY, LATE], 1),
        ([LATE], 0),
    ],
)
def test_each_has_room_beside_what_left_before_it_by_its_own_clock(messages: Sequence[Message], count: int) -> None:
    assert len(broken(messages)) == count
