"""A timer that was set aside may be put back when what it wakes has moved: nothing may come before its time."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from processors.decide.tables import EMISSIONS, PLANS
from processors.dispatch.tables import HELD
from processors.effects import Put, Record, Table, row_key
from processors.timers import arm
from schemas.candidate import Candidate, Cause, Recipient
from schemas.state import Emission, Held, Plan
from schemas.tick import Tick
from schemas.topics import TICKS
from schemas.words import Channel, InDoubt, Lane
from streams.stage import Stage
from streams.topology import DECIDE, DISPATCH
from tests.unit.processors.world import MONDAY
from tidings.memory.partition import StagePartition

LATER = MONDAY + timedelta(hours=1)
TICK = Record(topic=TICKS.name, key="", value=Tick(ticker="t"), now=MONDAY)
CAUSE = Cause(event_id="e1", source="/", type="appointment.scheduled", time=MONDAY)
PLAN = Plan(
    message_id="m1",
    tenant="pantry",
    subject="c1",
    kind="appointment_reminder",
    channel=Channel.EMAIL,
    cause=CAUSE,
    due=LATER,
)
CANDIDATE = Candidate(
    message_id="m1",
    tenant="pantry",
    kind="appointment_reminder",
    channel=Channel.EMAIL,
    recipient=Recipient(to="ann@example.org"),
    cause=CAUSE,
    due=MONDAY,
    category="service",
    lane=Lane.NORMAL,
    in_doubt=InDoubt.DROP,
    settings_version=1,
)


@pytest.mark.parametrize(
    ("stage", "table", "woken", "row"),
    [
        pytest.param(DECIDE, PLANS, "plan\0", PLAN, id="a plan that was moved"),
        pytest.param(
            DECIDE,
            PLANS,
            "plan\0",
            replace(PLAN, due=MONDAY, address_key="pantry|ann@example.org", kept_until=LATER),
            id="a plan that has left",
        ),
        pytest.param(DECIDE, EMISSIONS, "emission\0", Emission(event={}, due=LATER), id="an emission that was moved"),
        pytest.param(DISPATCH, HELD, "", Held(candidate=CANDIDATE, reason="", until=LATER), id="a message held anew"),
    ],
)
def test_a_timer_that_was_put_back_wakes_nothing_before_its_time(
    stage: Stage, table: Table[Any], woken: str, row: object
) -> None:
    state = StagePartition(stage, {"settings": {}}, through_codec=True)
    key = row_key("pantry", "c1")
    put = iter([Put(table=table, key=key, value=row), arm(_timers(stage), MONDAY, woken + key)])
    state.work(lambda record, tables: put, TICK)
    assert state.work(stage.reads[TICKS.name], TICK) == []
    assert state.rows(table.name) == {key: row}
    assert (state.open_timers(), state.timers_aside) == (0, [])


def _timers(stage: Stage) -> Table[Any]:
    assert stage.timers is not None
    return stage.timers
