"""Settings that stand and that this version of Tidings refuses: events wait, others go on, nothing is lost."""

from typing import Any

import pytest

from processors.settings import faults_of
from schemas.state import TenantSettings
from schemas.topics import EVENTS, SETTINGS
from schemas.wire import event_from_mapping
from tests.unit.processors.world import ANN, APPOINTMENT, ORDER, PANTRY, World

OF_ANOTHER_VERSION = {**PANTRY, "invented_later": True}
CLIENT = {"kind": "client", "id": "c1"}


def upgraded(**settings: Any) -> World:
    """Two tenants; then a version comes that refuses the settings of one of them."""
    world = World(settings={**PANTRY, **settings})
    world.happens("settings.changed", data=PANTRY, tenant="other")
    for tenant in ("pantry", "other"):
        world.happens("contact.changed", subject="c1", data=ANN, tenant=tenant)
    return world


def stands(world: World, document: Any, version: int) -> TenantSettings:
    row = TenantSettings(
        tenant="pantry", version=version, document=document, changed_at=world.now, event_id=f"settings-{version}"
    )
    world.runner.send(SETTINGS.name, "pantry", row, world.now)
    return row


def test_events_wait_in_order_however_long_and_go_on_when_mended() -> None:
    world = upgraded()
    row = stands(world, OF_ANOTHER_VERSION, 1)
    assert [str(fault) for fault in faults_of(row)] == ["invented_later: unknown key"]
    events = [
        world.happens("order.completed", subject="c1", data={**ORDER, "order_id": f"o{number}"}, actor=CLIENT)
        for number in range(3)
    ]
    world.passes(hours=12)
    assert (world.messages, world.refused) == ([], [])
    world.happens("settings.changed", data={"name": "Mended", "invented_later": None})
    world.passes(minutes=2)
    assert world.refused == []
    confirmed = [each.event_id for each in world.messages if each.kind == "order_confirmation"]
    assert confirmed == events
    assert {each.settings_version for each in world.messages} == {2}


def test_an_event_under_another_key_waits_as_well() -> None:
    world = upgraded()
    stands(world, OF_ANOTHER_VERSION, 1)
    envelope = {"id": "k1", "tenant": "pantry", "type": "order.completed", "time": world.now.isoformat()}
    event = event_from_mapping({**envelope, "subject": "c1", "actor": CLIENT, "data": ORDER})
    world.runner.send(EVENTS.name, "no key of ours", event, world.now)
    world.passes(hours=1)
    assert (world.messages, world.refused) == ([], [])
    stands(world, PANTRY, 2)
    world.passes(minutes=2)
    assert {each.event_id for each in world.messages} == {"k1"}


def test_other_tenants_go_on() -> None:
    world = upgraded()
    stands(world, OF_ANOTHER_VERSION, 1)
    for number in range(100):
        world.happens("order.completed", subject="c1", data={**ORDER, "order_id": f"o{number}"}, actor=CLIENT)
    event = world.happens("order.completed", subject="c1", data=ORDER, actor=CLIENT, tenant="other")
    assert {each.tenant for each in world.messages} == {"other"}
    assert {each.event_id for each in world.messages} == {event}
    assert world.refused == []


def test_what_was_planned_or_held_leaves_when_it_is_mended() -> None:
    world = upgraded(quiet_hours={"start": "12:00", "end": "13:00", "channels": ["email"]})
    world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
    world.passes(hours=2)
    held = world.happens("order.completed", subject="c1", data=ORDER, actor=CLIENT)
    stands(world, OF_ANOTHER_VERSION, 1)
    world.passes(days=8, hours=22)
    assert (world.messages, world.refused) == ([], [])
    stands(world, {**PANTRY, "name": "Mended"}, 2)
    world.passes(minutes=2)
    kinds = {each.kind for each in world.messages}
    assert {"appointment_reminder", "order_confirmation"} <= kinds
    assert {each.event_id for each in world.messages if each.kind == "order_confirmation"} == {held}
    assert world.refused == []


@pytest.mark.parametrize("event_type", ["contact.changed", "consent.changed"])
def test_changes_of_people_wait_too(event_type: str) -> None:
    world = upgraded()
    stands(world, OF_ANOTHER_VERSION, 1)
    data: dict[str, Any] = {"email": "new@example.org"}
    if event_type == "consent.changed":
        data = {"address": "ann@example.org", "opted_out": ["all"]}
    world.happens(event_type, subject="c1", data=data)
    world.passes(hours=1)
    stands(world, PANTRY, 2)
    world.passes(minutes=2)
    event = world.happens("order.completed", subject="c1", data=ORDER, actor=CLIENT)
    own = [each for each in world.decisions if each.event_id == event and each.contact == "c1"]
    assert [(each.to, each.reason) for each in own] == (
        [("new@example.org", None)] if event_type == "contact.changed" else [("ann@example.org", "opted_out:all")]
    )
