"""A timer that is a dead letter names the tenant and the event of what it would have woken."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from processors.decide.tables import EMISSIONS, PLANS
from processors.dispatch.tables import HELD
from processors.effects import Effect, Put, Record, Table, Tables, row_key
from processors.timers import arm, fire_due
from schemas.origin import Origin
from schemas.state import Emission, Held
from schemas.topics import TICKS
from streams.stage import Stage
from streams.topology import DECIDE, DISPATCH
from tests.unit.processors.test_put_back import CANDIDATE, LATER, PLAN, TICK
from tests.unit.processors.world import MONDAY
from tidings.memory.partition import StagePartition

ROW = row_key("pantry", "c1")
SCHEDULED = Origin(tenant="pantry", type="appointment.scheduled", event_id="e1")
EXPIRY = {"tenant": "pantry", "type": "cart.expired", "id": "e2"}


@pytest.mark.parametrize(
    ("stage", "table", "woken", "row", "origin"),
    [
        pytest.param(DECIDE, PLANS, "plan\0", replace(PLAN, due=MONDAY), SCHEDULED, id="a plan"),
        pytest.param(
            DECIDE,
            EMISSIONS,
            "emission\0",
            Emission(event=EXPIRY, due=MONDAY),
            Origin(tenant="pantry", type="cart.expired", event_id="e2"),
            id="an emission",
        ),
        pytest.param(
            DISPATCH, HELD, "", Held(candidate=CANDIDATE, reason="", until=LATER), SCHEDULED, id="a held message"
        ),
        pytest.param(DISPATCH, HELD, "else\0", None, Origin(), id="nothing"),
    ],
)
def test_a_timer_that_is_set_aside_says_whose_it_is(
    stage: Stage, table: Table[Any], woken: str, row: object, origin: Origin
) -> None:
    state, timers = StagePartition(stage, {"settings": {}}), stage.timers
    assert timers is not None
    put = [Put(table=table, key=ROW, value=row)] if row is not None else []
    state.work(lambda record, tables: iter([*put, arm(timers, MONDAY, woken + ROW)]), TICK)

    def broken(record: Record, tables: Tables) -> Iterator[Effect]:
        yield from fire_due(timers, tables, record.now, _fails)

    state.work(broken, Record(topic=TICKS.name, key="", value=TICK.value, now=MONDAY))
    assert [timer.origin for timer in state.timers_aside] == [origin]


def _fails(row: str) -> Iterator[Effect]:
    raise LookupError(row)
    yield
