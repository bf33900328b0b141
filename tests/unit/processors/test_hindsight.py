"""Events of an appointment that come late complete what later ones left open, and move nothing."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.processors.world import APPOINTMENT, MONDAY, PANTRY, World

REMINDER = {"appointment_reminder": {"email_hours_before": 48}}
DAY_BEFORE = {
    "id": "eve",
    "on": ["appointment.scheduled", "appointment.rescheduled"],
    "to": ["contact"],
    "channel": "email",
    "timing": {"days_before": 1, "at": "09:00"},
    "subject": "Tomorrow: {{ title }}",
    "text": "In {{ location }}.",
}
Told = tuple[str, Mapping[str, Any]]
SCHEDULED: Told = (
    "appointment.scheduled",
    {**APPOINTMENT, "title": "Boxes", "location": "Hall 3", "timezone": "Pacific/Auckland"},
)
MOVED: Told = ("appointment.rescheduled", {"appointment_id": "a1", "starts_at": "2026-06-13T09:00:00+12:00"})


def world_of(told: Sequence[Told], order: Sequence[int], **more: Any) -> World:
    """A month after these events, an hour apart, arrived in this order."""
    world = World(settings={**PANTRY, "kinds": REMINDER, **more})
    world.ann()
    for number in order:
        event_type, fields = told[number]
        time = (MONDAY - timedelta(hours=20 - number)).isoformat()
        world.happens(event_type, id=f"x{number}", time=time, subject="c1", data=fields)
    world.passes(days=30)
    return world


def said(world: World) -> list[tuple[str, str, str | None, str]]:
    """Id, hour, subject and words of each mail to Ann, in the order of their hours."""
    mails = [each for each in world.messages if each.contact == "c1"]
    return sorted((each.message_id, f"{each.commanded_at:%m-%dT%H:%M}", each.subject, each.text) for each in mails)


def test_what_was_scheduled_gives_a_move_that_overtook_it_title_place_and_zone() -> None:
    in_order, reversed_ = (world_of([SCHEDULED, MOVED], order, rules=[DAY_BEFORE]) for order in ([0, 1], [1, 0]))
    assert said(reversed_) == said(in_order)
    assert any("Hall 3" in text and "9:00" in text for *_, text in said(in_order))
    assert ("06-11T21:00", "Tomorrow: Boxes") in {(hour, subject) for _, hour, subject, _ in said(in_order)}


def test_a_rule_whose_hour_is_counted_in_the_zone_that_came_late_is_planned_twice_and_says_so() -> None:
    world = world_of([SCHEDULED, MOVED], [1, 0], rules=[DAY_BEFORE])
    planned = [each for each in world.decisions if (each.event_id, each.kind) == ("x1", "rule:eve")]
    assert [(each.number, each.outcome, f"{each.due:%m-%dT%H:%M}") for each in planned if each.due] == [
        (1, "scheduled", "06-11T13:00"),
        (2, "scheduled", "06-11T21:00"),
        (3, "sent", "06-11T21:00"),
    ]


def words(world: World) -> list[tuple[str, str | None, str]]:
    """What is said, whatever caused it: what was revived has its cause in the event that did so."""
    return sorted(mail[1:] for mail in said(world))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_cancellation_from_before_it_was_scheduled_ends_nothing_whenever_it_comes(order: tuple[int, ...]) -> None:
    told: list[Told] = [("appointment.cancelled", {"appointment_id": "a1"}), SCHEDULED, MOVED]
    assert words(world_of(told, order)) == words(world_of(told, range(3)))
    assert len(words(world_of(told, order))) == 1


STORY = st.lists(
    st.one_of(
        st.tuples(st.just("scheduled"), st.integers(10, 20), st.sampled_from(["", "Boxes", "Bags"])),
        st.tuples(st.just("rescheduled"), st.integers(10, 20), st.just("")),
        st.tuples(st.just("cancelled"), st.just(0), st.just("")),
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=60)
@given(st.data())
def test_what_happened_an_hour_apart_says_the_same_in_any_order(data: st.DataObject) -> None:
    """Also where it is cancelled and scheduled anew, and the zone and title are told by some events only."""
    told: list[Told] = []
    for step, day, title in data.draw(STORY):
        fields: dict[str, Any] = {"appointment_id": "a1"}
        if day:
            fields["starts_at"] = f"2026-06-{day}T09:00:00+12:00"
        if step == "scheduled":
            fields |= {"made_by": "staff", **({"title": title, "timezone": "Pacific/Auckland"} if title else {})}
        told.append((f"appointment.{step}", fields))
    order = data.draw(st.permutations(range(len(told))))
    assert words(world_of(told, order)) == words(world_of(told, range(len(told))))


def test_what_was_known_before_it_was_cancelled_and_scheduled_anew_is_not_told() -> None:
    anew: Told = ("appointment.scheduled", {**APPOINTMENT, "starts_at": "2026-06-14T09:00:00+12:00"})
    told: list[Told] = [SCHEDULED, ("appointment.cancelled", {"appointment_id": "a1"}), anew]
    assert said(world_of(told, [1, 2, 0])) == said(world_of(told, range(3)))
    assert "Hall 3" not in str(said(world_of(told, [1, 2, 0])))


def test_what_has_left_stays_as_it_is() -> None:
    world = World(settings={**PANTRY, "kinds": REMINDER})
    world.ann()
    late = world.happens
    late("appointment.rescheduled", time=MONDAY.isoformat(), subject="c1", data=MOVED[1])
    world.passes(days=10)
    [mail] = [each for each in world.messages if each.contact == "c1"]
    late("appointment.scheduled", time=(MONDAY - timedelta(hours=1)).isoformat(), subject="c1", data=SCHEDULED[1])
    world.passes(days=30)
    assert [each for each in world.messages if each.contact == "c1"] == [mail]
    assert world.withdrawals == []
