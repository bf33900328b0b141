"""Law 5, from the outside: whatever happens, somebody can say what became of it (contract section 9, Decision)."""

from typing import Any

import pytest

from schemas.events import STATE_ONLY
from tests.unit.processors.world import PANTRY, World
from tests.unit.schemas.test_event_contract import FIELDS, NO_SUBJECT

EVERYTHING_ON: dict[str, Any] = {
    **PANTRY,
    "kinds": {
        "appointment_reminder": {"sms_hours_before": 1, "email_hours_before": 1},
        "cart": {"idle": "PT1H", "warning": "PT2H", "expire": "PT3H"},
        "registration_notification": {"stop_after_registration": True},
        "route_started": {"enabled": True},
    },
}
NOTHING_ON = {"name": "Riverside Pantry"}
SUBJECTS = ("c1", "a stranger", "")


@pytest.mark.parametrize("settings", [EVERYTHING_ON, NOTHING_ON], ids=["everything on", "nothing on"])
@pytest.mark.parametrize("event_type", sorted(set(FIELDS) - STATE_ONLY))
def test_every_event_that_is_taken_ends_in_a_decision(event_type: str, settings: dict[str, Any]) -> None:
    mandatory, optional = FIELDS[event_type]
    whole = {**mandatory, **optional}
    emptied = {name: [] if isinstance(value, list) else value for name, value in whole.items()}
    world = World(settings=settings)
    world.ann()
    for data in (mandatory, whole, emptied):
        for subject in [""] if event_type in NO_SUBJECT else SUBJECTS:
            if subject or event_type in NO_SUBJECT or event_type.startswith("inbound."):
                event = world.happens(event_type, subject=subject, data=data, actor={"kind": "staff", "id": "s1"})
                assert any(decision.event_id == event for decision in world.decisions), (data, subject)
    assert world.refused == []
