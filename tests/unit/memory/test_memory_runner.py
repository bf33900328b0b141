"""The in-memory runner: effects, their undoing, dead letters, partitions and the virtual clock."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from processors.effects import Effect, Forward, Record, Tables
from schemas.consent import Consent
from schemas.dead_letter import DeadLetter
from schemas.topics import CONSENTS, DEAD_LETTERS, DECISIONS, EVENTS, TICKS
from streams.stage import Stage
from tests.unit.memory.bells import BELLS, NOON, RINGING, TALLY, TIMERS, TOWER, bell
from tidings.memory import MemoryRunner, TimerLeftStanding

SECOND = timedelta(seconds=1)


def rung(runner: MemoryRunner) -> list[tuple[str, datetime]]:
    return [(record.value.event_id, record.now) for record in runner.watch(DECISIONS.name)]  # type: ignore[attr-defined]  # decisions


def tower(partitions: int = 4, *, through_codec: bool = False) -> MemoryRunner:
    runner = MemoryRunner(TOWER, partitions=partitions, through_codec=through_codec)
    runner.watch(DECISIONS.name)
    runner.watch(DEAD_LETTERS.name)
    return runner


def letters(runner: MemoryRunner) -> list[DeadLetter]:
    return [record.value for record in runner.watch(DEAD_LETTERS.name) if isinstance(record.value, DeadLetter)]


@pytest.mark.parametrize("through_codec", [False, True], ids=["records", "bytes"])
@pytest.mark.parametrize("partitions", [1, 4, 8])
def test_a_bell_rings_when_the_clock_reaches_it_and_the_next_stage_hears_it(
    partitions: int, through_codec: bool
) -> None:
    runner = tower(partitions, through_codec=through_codec)
    runner.publish(bell("bell.set", "b1", after_seconds=60), NOON)
    assert runner.next_due() == NOON + 60 * SECOND
    runner.tick(NOON + 59 * SECOND)
    assert rung(runner) == []
    runner.tick(NOON + 60 * SECOND)
    assert rung(runner) == [("tower|b1", NOON + 60 * SECOND)]
    assert runner.next_due() is None
    assert list(runner.rows("counting", TALLY)) == ["tower|b1"]
    assert runner.shared(CONSENTS.name) == {"tower|tower|b1": Consent(tenant="tower", address="tower|b1")}


def test_who_listens_hears_every_record_and_standing_timers_are_counted() -> None:
    runner, heard = tower(), list[Record]()
    runner.listen(DECISIONS.name, heard.append)
    for name in ("b1", "b2"):
        runner.publish(bell("bell.set", name, after_seconds=60), NOON)
    assert runner.open_timers() == 2
    runner.tick(NOON + 60 * SECOND)
    assert runner.open_timers() == 0
    assert heard == runner.watch(DECISIONS.name)
    assert len(heard) == 2


def test_a_stopped_bell_stays_silent() -> None:
    runner = tower()
    runner.publish(bell("bell.set", "b1", after_seconds=60), NOON)
    runner.publish(bell("bell.stopped", "b1"), NOON)
    assert runner.next_due() is None
    assert runner.rows("ringing", TIMERS) == {}


@pytest.mark.parametrize(
    ("event_type", "path", "reason", "has_stack"),
    [
        ("bell.refused", "data.tone", "is out of tune", False),
        ("bell.cracked", "", "ZeroDivisionError: a crack", True),
    ],
)
def test_a_record_that_fails_leaves_no_trace_but_a_dead_letter(
    event_type: str, path: str, reason: str, has_stack: bool
) -> None:
    runner = tower()
    runner.publish(bell("bell.set", "b1", after_seconds=60), NOON)
    before = runner.rows("ringing", BELLS)
    runner.publish(bell(event_type, "b1", event_id="e9"), NOON + SECOND)
    assert runner.rows("ringing", BELLS) == before
    assert rung(runner) == []
    (letter,) = letters(runner)
    assert [(fault.path, fault.reason) for fault in letter.faults] == [(path, reason)]
    assert (letter.tenant, letter.type, letter.event_id) == ("tower", event_type, "e9")
    assert (letter.topic, letter.offset, letter.stage, letter.at) == (EVENTS.name, 1, "ringing", NOON + SECOND)
    assert (letter.stack is not None) is has_stack


def test_the_next_record_goes_on_after_a_dead_letter() -> None:
    runner = tower()
    runner.publish(bell("bell.cracked", "b1"), NOON)
    runner.publish(bell("bell.set", "b1", after_seconds=1), NOON)
    runner.tick(NOON + SECOND)
    assert rung(runner) == [("tower|b1", NOON + SECOND)]


@pytest.mark.parametrize("count", [3, 1200])
def test_what_is_due_at_one_instant_comes_in_one_order_for_any_number_of_partitions(count: int) -> None:
    orders = []
    for partitions in (1, 3, 8):
        runner = tower(partitions)
        for number in range(count):
            runner.publish(bell("bell.set", f"b{number}", after_seconds=5), NOON)
        runner.tick(NOON + 5 * SECOND)
        orders.append(rung(runner))
    assert len(orders[0]) == count
    assert orders[0] == orders[1] == orders[2]


def test_a_late_tick_rings_the_older_bell_first() -> None:
    runner = tower(1)
    runner.publish(bell("bell.set", "a", after_seconds=9), NOON)
    runner.publish(bell("bell.set", "z", after_seconds=3), NOON)
    runner.tick(NOON + 10 * SECOND)
    assert [name for name, _ in rung(runner)] == ["tower|z", "tower|a"]


def test_a_stage_that_leaves_its_timer_standing_is_told_so() -> None:
    def idle(record: Record, tables: Tables) -> Iterator[Effect]:
        return iter(())

    stage = Stage(name="idle", reads={**RINGING.reads, TICKS.name: idle}, tables=RINGING.tables, timers=TIMERS)
    runner = MemoryRunner([stage], partitions=1)
    runner.publish(bell("bell.set", "b1", after_seconds=1), NOON)
    with pytest.raises(TimerLeftStanding, match="stage idle left the timer"):
        runner.tick(NOON + SECOND)


def test_a_topic_that_does_not_exist_is_named() -> None:
    def astray(record: Record, tables: Tables) -> Iterator[Effect]:
        yield Forward(topic="evnets", key="", value=record.value)

    runner = MemoryRunner([Stage(name="astray", reads={EVENTS.name: astray}, tables=())], partitions=1)
    with pytest.raises(KeyError, match="evnets"):
        runner.publish(bell("bell.set", "b1"), NOON)


def test_what_is_no_effect_sets_its_record_aside() -> None:
    def confused(record: Record, tables: Tables) -> Iterator[Any]:
        yield record

    runner = MemoryRunner([Stage(name="confused", reads={EVENTS.name: confused}, tables=())], partitions=1)
    runner.watch(DEAD_LETTERS.name)
    runner.publish(bell("bell.set", "b1"), NOON)
    [letter] = letters(runner)
    assert "which is no effect" in letter.faults[0].reason


def test_a_stage_without_timers_is_given_every_tick() -> None:
    seen: list[Any] = []

    def count(record: Record, tables: Tables) -> Iterator[Effect]:
        seen.append(record.now)
        return iter(())

    runner = MemoryRunner([Stage(name="count", reads={TICKS.name: count}, tables=())], partitions=2)
    runner.tick(NOON)
    assert seen == [NOON, NOON]
