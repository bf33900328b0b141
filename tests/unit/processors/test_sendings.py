"""Documents and their boxes, routes and their stops, and what one person writes to another."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import Event
from schemas.portion import Portion
from schemas.words import Lane
from tests.unit.processors.world import ANN, PANTRY, World

ROUTES_ON = {"route_started": {"enabled": True}}
AGENT = {"kind": "staff", "id": "s1", "name": "Uma Ort", "roles": ["agent"]}
BOTH = {"email": True, "sms": True}


def firm(people: int = 1, settings: Any = None, **kinds: Any) -> World:
    """A firm whose contacts c1, c2 … have an address, a phone and both boxes ticked."""
    world = World(settings={**PANTRY, **(settings or {}), "kinds": kinds})
    for number in range(1, people + 1):
        phones = [{"number": f"+1202555{number:04}", "type": "mobile", "primary": True}]
        data = {**ANN, "email": f"c{number}@example.org", "phones": phones, "boxes": BOTH}
        world.happens("contact.changed", subject=f"c{number}", data=data)
    return world


def send(world: World, **boxes: bool) -> str:
    data = {"document": "quote", "number": "Q1", "link": "https://portal.example/q1", **BOTH, **boxes}
    return world.happens("document.sent", subject="c1", actor=AGENT, data=data)


def reached(world: World) -> list[str]:
    return sorted(message.to for message in world.messages if message.channel == "email")


def test_a_text_leads_to_the_document_and_says_nothing_of_it() -> None:
    world = firm()
    send(world)
    [text] = [message.text for message in world.messages if message.channel == "sms"]
    assert text.endswith("https://portal.example/q1")
    assert "Q1" not in text


REFUSALS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"sms": False}, "dispatch_unchecked"),
    ({"boxes": {"sms": False}}, {"sms": False}, "contact_pref_off"),
    ({"sms_alerts": "No SMS"}, {"sms": False}, "dispatch_unchecked"),
    ({"phones": []}, {"sms": False}, "dispatch_unchecked"),
    ({"sms_alerts": "No SMS"}, {}, "contact_pref_off"),
    ({"phones": [{"number": "+12025550009", "type": "work", "primary": True}]}, {}, "no_mobile_number"),
]


@pytest.mark.parametrize(("contact", "boxes", "reason"), REFUSALS)
def test_the_first_gate_that_fails_is_the_reason(contact: dict[str, Any], boxes: dict[str, bool], reason: str) -> None:
    world = firm()
    world.happens("contact.changed", subject="c1", data=contact)
    assert ("dropped", "sms", reason) in world.reasons(send(world, **boxes))


def test_an_opt_out_is_named_before_the_boxes() -> None:
    world = firm()
    world.happens("consent.changed", data={"address": "c1@example.org", "opted_out": ["all"]})
    world.happens("contact.changed", subject="c1", data={"boxes": {"email": False}})
    assert ("dropped", "email", "opted_out:all") in world.reasons(send(world))


def test_an_agreement_that_ended_is_named_before_reminders_that_are_off() -> None:
    world = firm(settings={"support_agreement_until": "2026-06-30"})
    world.happens("contact.changed", subject="c1", data={"reminders": False})
    data = {"number": "I1", "due_on": "2026-06-28", "amount": "9.00", "link": "https://portal.example/i1"}
    event = world.happens("invoice.issued", subject="c1", data=data)
    world.passes(days=60)
    said = [reason for outcome, channel, reason in world.reasons(event) if channel == "sms" and outcome == "dropped"]
    assert said == ["reminders_off", "entitlement_lapsed", "entitlement_lapsed"]


def test_boxes_do_not_gate_other_kinds() -> None:
    world = firm()
    world.happens("contact.changed", subject="c1", data={"boxes": {"email": False}, "reminders": False})
    world.happens("password.chosen", subject="c1", data={})
    assert reached(world) == ["c1@example.org"]


def test_another_number_may_be_set_for_a_kind() -> None:
    world = firm(document={"number": "primary"})
    phones = [{"number": "+12025550001", "type": "mobile"}, {"number": "+12025550002", "type": "work", "primary": True}]
    world.happens("contact.changed", subject="c1", data={"phones": phones})
    send(world)
    assert [message.to for message in world.messages if message.channel == "sms"] == ["+12025550002"]


PREFERENCES: list[dict[str, Any]] = [{"boxes": {"sms": False}}, {"sms_alerts": "No SMS"}]


@pytest.mark.parametrize("change", PREFERENCES, ids=["the box", "No SMS"])
def test_what_quiet_hours_hold_leaves_only_if_the_contact_still_wants_it(change: dict[str, Any]) -> None:
    world = firm(2, {"quiet_hours": {"start": "09:00", "end": "20:00"}})
    event = send(world)
    assert [outcome for outcome, channel, _ in world.reasons(event) if channel == "sms"] == ["held"]
    world.happens("contact.changed", subject="c2", data=change)
    world.happens("contact.changed", subject="c1", data={"name": "Ann Orr"})
    world.happens("contact.changed", subject="c1", data=change)
    world.passes(days=1)
    assert world.reasons(event)[-1] == ("dropped", "sms", "contact_pref_off")


def test_a_preference_that_comes_back_in_time_lets_the_message_go() -> None:
    world = firm(settings={"quiet_hours": {"start": "09:00", "end": "20:00"}})
    send(world)
    for ticked in (False, True):
        world.happens("contact.changed", subject="c1", data={"boxes": {"sms": ticked}})
    world.passes(days=1)
    assert {message.channel for message in world.messages} == {"email", "sms"}


ROUTE = {"route_id": "r1", "stops": ["c1", "c2", "c2"]}


@settings(max_examples=40)
@given(st.permutations(["start", "start", "restart", "add c2", "add c3", "add c3"]))
def test_each_stop_is_told_once_in_whatever_order_and_however_often_it_is_said(story: list[str]) -> None:
    world = firm(4, **ROUTES_ON)
    for step in story:
        what, _, stop = step.partition(" ")
        if what == "add":
            world.happens("route.stop_added", id=step, data={"route_id": "r1", "stop": stop})
        else:
            world.happens("route.started", id=what, data=ROUTE)
    assert reached(world) == ["c1@example.org", "c2@example.org", "c3@example.org"]
    assert world.refused == []


def test_a_stop_added_before_the_start_waits_for_it_and_says_so() -> None:
    world = firm(**ROUTES_ON)
    event = world.happens("route.stop_added", data={"route_id": "r1", "stop": "c1"})
    assert world.reasons(event) == [("scheduled", "email", None), ("scheduled", "sms", None)]
    assert {decision.contact for decision in world.decisions if decision.event_id == event} == {"c1"}
    world.happens("route.started", data={"route_id": "r2", "stops": []})
    assert world.messages == []
    world.happens("route.started", data={"route_id": "r1", "stops": []})
    assert [message.event_id for message in world.messages] == [event, event]


@pytest.mark.parametrize("stops", [[], [""]])
def test_a_route_without_stops_is_explained(stops: list[str]) -> None:
    world = firm(**ROUTES_ON)
    event = world.happens("route.started", data={"route_id": "r1", "stops": stops})
    assert world.reasons(event) == [
        ("dropped", "email", "no_address:field:stops"),
        ("dropped", "sms", "no_address:field:stops"),
    ]


def test_a_route_that_is_read_the_next_day_is_told_to_nobody() -> None:
    world = firm(**ROUTES_ON)
    event = world.happens("route.started", time="2026-05-31T23:30:00-04:00", data=ROUTE)
    assert ("dropped", "sms", "expired:2026-06-01T04:00:00Z") in world.reasons(event)


def test_nobody_is_told_who_the_other_stops_are() -> None:
    world = firm(2, **ROUTES_ON)
    portions = world.runner.watch("audience")
    world.happens("route.started", data=ROUTE)
    carried = [record.value.event for record in portions if isinstance(record.value, Portion)]
    assert carried
    assert all(event["data"]["stops"] == [] for event in carried)  # type: ignore[index]


def test_a_long_route_reaches_each_stop() -> None:
    stops = [f"h{number}" for number in range(1201)]
    world = firm(**ROUTES_ON)
    event = world.happens("route.started", data={"route_id": "r1", "stops": stops})
    told = {decision.contact for decision in world.decisions if decision.event_id == event}
    assert told == set(stops)


def test_routes_of_two_tenants_do_not_meet() -> None:
    world = firm(1, **ROUTES_ON)
    world.happens("settings.changed", tenant="other", data={**PANTRY, "kinds": ROUTES_ON})
    world.happens("contact.changed", tenant="other", subject="c1", data={**ANN, "boxes": BOTH})
    world.happens("route.started", data={"route_id": "r1", "stops": []})
    world.happens("route.stop_added", tenant="other", data={"route_id": "r1", "stop": "c1"})
    assert world.messages == []


def demand(world: World, actor: Any = AGENT, subject: str = "c1", event_id: str = "d1", **fields: Any) -> str:
    data = {"channel": "sms", "text": "The fitting is at four.", **fields}
    return world.happens("message.requested", id=event_id, subject=subject, actor=actor, data=data)


def test_a_message_to_another_contact_is_answered_where_that_contact_is() -> None:
    world = firm(2)
    event = demand(world, to="c2")
    [message] = world.messages
    assert (message.contact, message.to, message.lane, message.actor.name) == (
        "c2",
        "+12025550002",
        Lane.URGENT,
        "Uma Ort",
    )
    assert [decision.contact for decision in world.decisions if decision.event_id == event] == ["c2"]


@pytest.mark.parametrize("subject", ["", "c1"])
def test_a_message_needs_no_subject_when_it_names_its_contact(subject: str) -> None:
    world = firm()
    demand(world, subject=subject, to="c1", event_id="x1")
    demand(world, subject=subject, to="c1", event_id="x1")
    assert [message.to for message in world.messages] == ["+12025550001"]


PERMISSIONS = [
    (None, {"kind": "staff", "id": "s2"}, True),
    (None, {"kind": "client", "id": "c1", "roles": ["agent"]}, False),
    (None, {"kind": "system"}, False),
    (["agent"], AGENT, True),
    (["agent", "admin"], {"kind": "staff", "id": "s2", "roles": ["admin"]}, True),
    (["agent"], {"kind": "staff", "id": "s1"}, False),
    (["agent"], {"kind": "client", "id": "c1", "roles": ["agent"]}, False),
    ([], AGENT, False),
]


@pytest.mark.parametrize(("roles", "actor", "permitted"), PERMISSIONS)
def test_who_may_send(roles: list[str] | None, actor: dict[str, Any], permitted: bool) -> None:
    world = firm(on_demand={} if roles is None else {"roles": roles})
    event = demand(world, actor=actor)
    assert len(world.messages) == permitted
    assert ("dropped", "sms", "not_permitted") in world.reasons(event) or permitted


def test_what_a_tenant_calls_marketing_does_not_leave_from_its_long_number() -> None:
    world = firm(document={"category": "marketing"})
    event = send(world)
    assert reached(world) == ["c1@example.org"]
    assert world.reasons(event) == [("dropped", "sms", "class_not_allowed_on_sender"), ("sent", "email", None)]
    [refused] = [each for each in world.decisions if each.outcome == "dropped"]
    assert refused.facts == {"kinds.document.category": "marketing"}


@pytest.mark.parametrize("channel", ["short_code", "webhook"])
def test_a_person_cannot_write_by_ways_that_are_not_for_persons(channel: str) -> None:
    event = demand(world := firm(), channel=channel)
    assert world.reasons(event) == [("dropped", channel, "class_not_allowed_on_sender")]


def test_boxes_and_reminders_do_not_stop_what_a_person_asks_for_but_no_sms_does() -> None:
    world = firm()
    world.happens("contact.changed", subject="c1", data={"boxes": {"sms": False}, "reminders": False})
    demand(world)
    assert len(world.messages) == 1
    world.happens("contact.changed", subject="c1", data={"sms_alerts": "No SMS"})
    event = demand(world, event_id="d2")
    assert world.reasons(event) == [("dropped", "sms", "contact_pref_off")]


def test_a_letter_needs_no_sender() -> None:
    world = firm(settings={"name": None, "channels": {"letter": {"requested": True}}})
    world.happens("contact.changed", subject="c1", data={"address": ["Ann Lee", "1 High Street"]})
    demand(world, channel="letter")
    assert [(message.to, message.from_) for message in world.messages] == [("Ann Lee, 1 High Street", "pantry")]


def test_a_message_to_the_contact_it_is_about_makes_no_detour() -> None:
    world = firm()
    events = world.runner.watch("audience")
    demand(world)
    assert not [record for record in events if isinstance(record.value, (Event, Portion))]
