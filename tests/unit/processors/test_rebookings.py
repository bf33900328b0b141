"""Rebookings: a cancellation and a new booking inside the interval are one message, whichever is read first."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.processors.world import MONDAY, PANTRY, World

INTERVAL = 10
"""Minutes."""
BASE: dict[str, Any] = {"to": ["contact"], "channel": "email", "text": "Hello."}
KEY = {"rebooking_interval": f"PT{INTERVAL}M"}
BOOKED = {**BASE, "id": "booked", "on": ["booking.created"], "subject": "Booked {{ booking_id }}", **KEY}
GONE = {**BASE, "id": "gone", "on": ["booking.cancelled"], "subject": "Cancelled {{ booking_id }}"}
MOVED = {**BASE, "id": "moved", "on": ["booking.rebooked"], "subject": "Moved {{ booking_id }}"}


def office(*rules: dict[str, Any], partitions: int = 4) -> World:
    world = World(partitions=partitions, settings={**PANTRY, "kinds": {}, "rules": list(rules)})
    world.ann()
    return world


def booking(name: str, project: str = "spring", **more: Any) -> dict[str, Any]:
    return {"booking_id": name, "project": project, "starts_at": "2026-06-20T09:00:00Z", **more}


def minutes(number: float) -> Any:
    return MONDAY + timedelta(days=1, minutes=number)


def read(world: World, event_type: str, name: str, *, at: float, time: float | None = None, **more: Any) -> str:
    """Let an event of minute `time` be read in minute `at`, before what is due in that very instant."""
    world.runs_until(minutes(at) - timedelta(milliseconds=1))
    world.now = minutes(at)
    happened = minutes(at if time is None else time).isoformat()
    return world.happens(event_type, subject="c1", time=happened, data=booking(name, **more))


def said(world: World) -> list[str | None]:
    return sorted(str(message.subject) for message in world.messages)


MINUTE = st.integers(0, 30)


@given(cancelled=MINUTE, made=MINUTE, late=st.tuples(MINUTE, MINUTE), own_message=st.booleans())
@settings(max_examples=150)
def test_the_order_of_arrival_does_not_matter(
    cancelled: int, made: int, late: tuple[int, int], own_message: bool
) -> None:
    world = office(BOOKED, GONE, *([MOVED] if own_message else []))
    world.happens("booking.created", subject="c1", data=booking("a1"))
    arrivals = [
        (cancelled + late[0], 0, "booking.cancelled", "a1", cancelled),
        (made + late[1], 1, "booking.created", "a2", made),
    ]
    for at, _, event_type, name, time in sorted(arrivals):
        read(world, event_type, name, at=at, time=time)
    world.passes(hours=2)
    apart = abs(arrivals[0][0] - arrivals[1][0])
    if abs(cancelled - made) > INTERVAL:
        expected = ["Booked a1", "Booked a2", "Cancelled a1"]
    elif apart <= INTERVAL:
        expected = ["Booked a1", "Moved a2" if own_message else "Booked a2"]
    elif arrivals[1] < arrivals[0]:  # the new booking had been said before the cancellation was read
        expected = ["Booked a1", "Booked a2"]
    else:  # the cancellation had been said
        expected = ["Booked a1", "Booked a2", "Cancelled a1"]
    assert said(world) == expected
    assert world.refused == []


@pytest.mark.parametrize("partitions", [1, 8])
def test_what_stays_silent_says_why(partitions: int) -> None:
    world = office(BOOKED, GONE, MOVED, partitions=partitions)
    world.happens("booking.created", subject="c1", data=booking("a1"))
    cancelled = read(world, "booking.cancelled", "a1", at=0)
    assert world.reasons(cancelled) == [("scheduled", "email", None)]
    made = read(world, "booking.created", "a2", at=7)
    assert world.reasons(cancelled, "rule:gone")[-1] == ("dropped", "email", "rescheduled_by_event")
    assert world.reasons(made, "rule:booked") == [("dropped", "email", "rescheduled_by_event")]
    [moved] = [message for message in world.messages if message.kind == "rule:moved"]
    assert moved.commanded_at == minutes(7)


def test_the_very_end_of_the_interval_belongs_to_it() -> None:
    world = office(BOOKED, GONE, MOVED)
    world.happens("booking.created", subject="c1", data=booking("a1"))
    read(world, "booking.cancelled", "a1", at=0)
    read(world, "booking.created", "a2", at=10)
    world.passes(hours=1)
    assert said(world) == ["Booked a1", "Moved a2"]


def test_a_rebooking_knows_what_came_before_it() -> None:
    world = office(BOOKED, GONE, {**MOVED, "text": "{{ previous.booking_id }} of {{ previous.starts_at | date }}"})
    world.happens("booking.created", subject="c1", data=booking("a1"))
    read(world, "booking.cancelled", "a1", at=0)
    read(world, "booking.created", "a2", at=1)
    assert world.messages[-1].text == "a1 of Saturday, June 20, 2026"


@pytest.mark.parametrize("order", [("booking.cancelled", "booking.created"), ("booking.created", "booking.cancelled")])
def test_a_booking_that_keeps_its_name_is_rebooked_too(order: tuple[str, str]) -> None:
    world = office(BOOKED, GONE, MOVED)
    world.happens("booking.created", subject="c1", data=booking("a1"))
    times = {"booking.cancelled": 0, "booking.created": 1}
    for event_type in order:
        read(world, event_type, "a1", at=2, time=times[event_type])
    world.passes(hours=1)
    assert said(world) == ["Booked a1", "Moved a1"]


def test_other_projects_and_contacts_are_not_rebookings() -> None:
    world = office(BOOKED, GONE, MOVED)
    world.happens("contact.changed", subject="c2", data={"name": "Zoe", "email": "zoe@example.org"})
    world.happens("booking.created", subject="c1", data=booking("a1"))
    read(world, "booking.cancelled", "a1", at=0)
    read(world, "booking.created", "a2", at=1, project="autumn")
    world.happens("booking.created", subject="c2", data=booking("a3"))
    world.passes(hours=1)
    assert said(world) == ["Booked a1", "Booked a2", "Booked a3", "Cancelled a1"]


@pytest.mark.parametrize(
    ("project", "leaves"),
    [("spring", ["Booked a1", "Moved a2"]), ("autumn", ["Booked a1", "Booked a2", "Cancelled a1"])],
)
def test_only_the_projects_that_ask_for_it_look_for_rebookings(project: str, leaves: list[str]) -> None:
    plain = {key: value for key, value in BOOKED.items() if key not in KEY}
    world = office({**plain, "id": "all"}, {**GONE, **KEY, "project": project}, {**GONE, "id": "rest"}, MOVED)
    world.happens("booking.created", subject="c1", data=booking("a1"))
    read(world, "booking.cancelled", "a1", at=0)
    read(world, "booking.created", "a2", at=5)
    world.passes(hours=1)
    assert said(world) == leaves


def test_the_longest_interval_counts() -> None:
    world = office(BOOKED, {**GONE, "rebooking_interval": "PT1H"}, MOVED)
    world.happens("booking.created", subject="c1", data=booking("a1"))
    read(world, "booking.cancelled", "a1", at=0)
    read(world, "booking.created", "a2", at=50)
    assert said(world) == ["Booked a1", "Moved a2"]


def test_a_second_booking_beside_a_living_one_is_confirmed_when_the_interval_is_over() -> None:
    world = office(BOOKED, GONE, MOVED)
    world.happens("booking.created", subject="c1", data=booking("a1"))
    made = read(world, "booking.created", "a2", at=0)
    world.runs_until(minutes(9))
    assert said(world) == ["Booked a1"]
    world.runs_until(minutes(10))
    assert said(world) == ["Booked a1", "Booked a2"]
    assert world.reasons(made) == [("scheduled", "email", None), ("sent", "email", None)]


@pytest.mark.parametrize(
    "end", [("booking.completed", "2026-06-20T09:00:00Z"), ("booking.created", "2026-05-20T09:00:00Z")]
)
def test_a_booking_that_is_over_holds_nothing(end: tuple[str, str]) -> None:
    world = office(BOOKED, GONE, MOVED)
    world.happens("booking.created", subject="c1", data=booking("a1", starts_at=end[1]))
    if end[0] == "booking.completed":
        world.happens("booking.completed", subject="c1", data=booking("a1"))
    read(world, "booking.created", "a2", at=0)
    assert said(world) == ["Booked a1", "Booked a2"]


def test_a_cancellation_that_is_said_twice_stays_silent_twice() -> None:
    world = office(BOOKED, GONE, MOVED)
    world.happens("booking.created", subject="c1", data=booking("a1"))
    read(world, "booking.cancelled", "a1", at=0)
    read(world, "booking.created", "a2", at=5)
    read(world, "booking.cancelled", "a1", at=6)
    world.passes(hours=1)
    assert said(world) == ["Booked a1", "Moved a2"]


def test_a_rebooking_may_be_rebooked() -> None:
    world = office(BOOKED, GONE, MOVED)
    world.happens("booking.created", subject="c1", data=booking("a1"))
    read(world, "booking.cancelled", "a1", at=0)
    read(world, "booking.created", "a2", at=1)
    read(world, "booking.cancelled", "a2", at=2)
    read(world, "booking.created", "a3", at=3)
    world.passes(hours=1)
    assert said(world) == ["Booked a1", "Moved a2", "Moved a3"]


def test_timed_rules_follow_the_new_booking() -> None:
    soon = {**BASE, "id": "soon", "subject": "Soon {{ booking_id }}", "timing": {"hours_before": 24}}
    world = office(BOOKED, GONE, MOVED, {**soon, "on": ["booking.created"]})
    world.happens("booking.created", subject="c1", data=booking("a1"))
    read(world, "booking.created", "a2", at=0, starts_at="2026-06-22T09:00:00Z")
    read(world, "booking.cancelled", "a1", at=1)
    world.passes(days=30)
    assert said(world) == ["Booked a1", "Moved a2", "Soon a2"]


def test_what_a_rebooking_scheduled_is_dropped_with_its_booking() -> None:
    soon = {**BASE, "id": "soon", "on": ["booking.rebooked"], "subject": "Soon", "timing": {"hours_before": 24}}
    world = office(BOOKED, GONE, soon)
    world.happens("booking.created", subject="c1", data=booking("a1"))
    read(world, "booking.cancelled", "a1", at=0)
    read(world, "booking.created", "a2", at=1)
    read(world, "booking.cancelled", "a2", at=60)
    world.passes(days=30)
    assert said(world) == ["Booked a1", "Cancelled a2"]


def test_an_erased_contact_hears_of_no_rebooking() -> None:
    world = office(BOOKED, GONE, MOVED)
    world.happens("booking.created", subject="c1", data=booking("a1"))
    cancelled = read(world, "booking.cancelled", "a1", at=0)
    world.happens("contact.changed", subject="c1", data=None)
    world.passes(hours=1)
    assert said(world) == ["Booked a1"]
    assert world.reasons(cancelled)[-1] == ("cancelled", "email", "cancelled_by_event")


def test_a_rebooking_that_an_upstream_system_publishes_is_answered_as_it_is() -> None:
    world = office({**MOVED, "subject": "Moved to {{ calendar }}"})
    world.happens("booking.rebooked", subject="c1", data={"calendar": "Rome"})
    assert said(world) == ["Moved to Rome"]
