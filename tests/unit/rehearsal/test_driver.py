"""The clock of a rehearsal, tried with bells: what arrives when, and what is taken first (contract section 10)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.faults import Refused
from tests.unit.memory.bells import NOON, TOWER
from tidings.rehearsal.driver import MemoryRun, run_in_memory
from tidings.rehearsal.scenario import scenario_from_text

HOUR = timedelta(hours=1)


def run(events: list[str], *, until: datetime = NOON + 24 * HOUR, more: str = "") -> tuple[MemoryRun, list[Any]]:
    """The run of these events, and what rang: bell and minutes after noon."""
    lines = "\n".join(f"  - {event}" for event in events)
    text = f'until: "{until.isoformat()}"\nevents:\n{lines}\n{more}'
    made = run_in_memory(scenario_from_text(text), TOWER, partitions=4)
    outcome = made.run()
    rung = [
        (decision["event_id"], (datetime.fromisoformat(decision["at"]) - NOON) / timedelta(minutes=1))
        for decision in outcome.decisions
    ]
    return made, [*rung, *(letter["event_id"] for letter in outcome.refused)]


def bell(kind: str, name: str, minute: int, after_seconds: int = 0) -> str:
    at = (NOON + timedelta(minutes=minute)).isoformat()
    return (
        f'{{at: "{at}", tenant: tower, type: bell.{kind}, subject: {name}, data: {{after_seconds: {after_seconds}}}}}'
    )


def test_a_timer_fires_at_its_own_time_between_two_items() -> None:
    made, rung = run([bell("set", "b1", 0, 90), bell("set", "b2", 10, 60)])
    assert rung == [("tower|b1", 1.5), ("tower|b2", 11)]
    assert [step.now for step in made.steps if step.topic == "ticks"] == [
        NOON + timedelta(seconds=90),
        NOON + timedelta(minutes=11),
    ]


def test_at_one_instant_events_come_before_timers() -> None:
    assert run([bell("set", "b1", 0, 60), bell("stopped", "b1", 1)])[1] == []
    assert run([bell("set", "b1", 0, 60), bell("set", "b2", 1, 60), bell("stopped", "b1", 1)])[1] == [("tower|b2", 2)]


def test_a_late_item_arrives_at_the_present() -> None:
    _, rung = run([bell("set", "b1", 10, 60), bell("set", "b2", 0, 60), bell("set", "b3", 12, 0)])
    assert rung == [("tower|b1", 11), ("tower|b2", 11), ("tower|b3", 12)]


def test_items_before_the_start_are_read_at_the_start() -> None:
    start = f'start: "{(NOON + HOUR).isoformat()}"\n'
    _, rung = run([bell("set", "b1", 0, 60), bell("set", "b2", 10, 600)], more=start)
    assert rung == [("tower|b1", 61), ("tower|b2", 70)]


@pytest.mark.parametrize(("after_seconds", "rings"), [(3599, True), (3600, True), (3601, False)])
def test_until_belongs_to_the_time_before_it(after_seconds: int, rings: bool) -> None:
    _, rung = run([bell("set", "b1", 0, after_seconds)], until=NOON + HOUR)
    assert bool(rung) is rings


@pytest.mark.parametrize(("minute", "arrives"), [(60, True), (61, False)])
def test_an_item_after_until_does_not_arrive(minute: int, arrives: bool) -> None:
    _, rung = run([bell("refused", "b1", minute)], until=NOON + HOUR)
    assert bool(rung) is arrives


def test_broken_items_are_refused_and_the_run_goes_on() -> None:
    made, rung = run(
        [
            "{}",
            "{id: e5, at: never, tenant: tower, type: bell.set, subject: b9, data: {}}",
            bell("refused", "b1", 1),
            bell("set", "b2", 2, 60),
        ]
    )
    assert rung[0] == ("tower|b2", 3)
    assert sorted(rung[1:]) == ["bell.refused#3", "e5", "event#1"]
    assert [step.value is None for step in made.steps if step.item is not None] == [True, True, False, False]


def test_a_refusal_says_whose_it_was_and_what_is_wrong() -> None:
    made = run_in_memory(
        scenario_from_text(
            'until: "2026-06-02T00:00:00Z"\n'
            "events: [{at: 2026-06-01T12:00:00Z, tenant: tower, type: appointment.scheduled, subject: c1,"
            " data: {appointment_id: a1, made_by: staff}}]"
        ),
        TOWER,
        partitions=4,
    )
    (refused,) = made.run().refused
    assert {key: refused[key] for key in ("tenant", "type", "event_id")} == {
        "tenant": "tower",
        "type": "appointment.scheduled",
        "event_id": "appointment.scheduled#1",
    }
    assert refused["errors"] == [{"path": "data.starts_at", "reason": "is missing"}]


def test_state_that_is_not_valid_makes_the_file_invalid() -> None:
    scenario = scenario_from_text('until: "2026-06-02T00:00:00Z"\nsettings: {"": {}}')
    with pytest.raises(Refused) as refused:
        run_in_memory(scenario, TOWER, partitions=4).run()
    assert refused.value.faults[0].path.startswith("settings")


def test_two_runs_of_one_file_are_alike_for_any_number_of_partitions() -> None:
    events = [bell("set", f"b{number}", 0, 60 + number % 3) for number in range(50)]
    scenario = scenario_from_text("until: 2026-06-02T00:00:00Z\nevents:\n" + "\n".join(f"  - {e}" for e in events))
    outcomes = [run_in_memory(scenario, TOWER, partitions=count).run().to_plain() for count in (1, 4, 8, 8)]
    assert len(outcomes[0]["decisions"]) == 50
    assert all(outcome == outcomes[0] for outcome in outcomes)


def test_an_id_that_was_used_for_another_subject_changes_nothing_on_any_partition() -> None:
    ids = [bell("set", name, minute, 60).replace("{", "{id: b, ", 1) for minute, name in enumerate("xyz")]
    made, rung = run([*ids, bell("set", "w", 9).replace("{", "{id: b, source: other, ", 1)])
    assert rung == [("tower|x", 1), ("tower|w", 9), "b", "b"]
    assert len([step for step in made.steps if step.topic == "events"]) == 2
