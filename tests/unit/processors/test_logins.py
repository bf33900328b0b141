"""Logins, passwords, invitations of a whole batch, registrations, and orders that staff changed."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.words import InDoubt, Lane
from tests.unit.processors.world import PANTRY, World

BATCH = {"batch_id": "b1", "clients": ["c1", "c2", "c3", "c4"]}
INVITATION = {"batch_id": "b1", "link": "https://portal.example/join"}


def pantry(*emails: str, **kinds: Any) -> World:
    world = World(settings={**PANTRY, "kinds": kinds})
    for number, email in enumerate(emails or ("ann@example.org",), start=1):
        world.happens("contact.changed", subject=f"c{number}", data={"name": f"C{number}", "email": email or None})
    return world


def households() -> World:
    """Ann and Bob may be invited, Cyd has no address, Dee has a login."""
    world = pantry("ann@example.org", "bob@example.org", "", "dee@example.org", login_created={"enabled": False})
    world.happens("login.created", subject="c4", data={})
    return world


def invited(world: World) -> list[str]:
    return sorted(message.to for message in world.messages if message.kind == "login_invitation")


@settings(max_examples=40)
@given(st.permutations(["batch", "batch", "invitation", "invitation", "invitation"]))
def test_a_batch_is_invited_once_in_whatever_order_and_however_often_it_is_told(story: list[str]) -> None:
    world = households()
    for step in story:
        if step == "batch":
            world.happens("clients.batch_created", id="b", data=BATCH)
        else:
            world.happens("clients.invited", id="i", data=INVITATION)
    assert invited(world) == ["ann@example.org", "bob@example.org"]
    said = world.reasons("i", "login_invitation")
    assert sorted(reason or "" for outcome, _, reason in said if outcome != "held") == [
        "",
        "",
        "already_has_login",
        "no_address:email",
    ]
    assert world.refused == []


def test_an_invitation_of_a_batch_that_nobody_listed_yet_waits_and_says_so() -> None:
    world = households()
    event = world.happens("clients.invited", data=INVITATION)
    assert world.reasons(event) == [("held", "email", "no_address:field:batch_id")]


def test_a_second_invitation_of_the_batch_reaches_only_whom_the_first_could_not() -> None:
    world = households()
    world.happens("clients.batch_created", data=BATCH)
    first = world.happens("clients.invited", data=INVITATION)
    by_contact = {decision.contact: decision.message_id for decision in world.decisions if decision.event_id == first}
    world.happens("contact.changed", subject="c3", data={"email": "cyd@example.org"})
    second = world.happens("clients.invited", data=INVITATION)
    assert invited(world) == ["ann@example.org", "bob@example.org", "cyd@example.org"]
    assert ("dropped", "email", f"duplicate:{by_contact['c1']}") in world.reasons(second)


def test_one_household_is_invited_once_per_batch_and_whenever_staff_ask_it_alone() -> None:
    world = pantry()
    for data in ({"batch_id": "b1"}, {"batch_id": "b1"}, {"batch_id": "b2"}, {}, {}):
        world.happens("login.invited", subject="c1", data={"has_login": False, **data})
    assert len(invited(world)) == 4


@pytest.mark.parametrize("event_type", ["login.created", "password.chosen"])
def test_whoever_has_a_login_is_not_invited_until_erased(event_type: str) -> None:
    world = pantry()
    world.happens(event_type, subject="c1", data={})
    event = world.happens("login.invited", subject="c1", data={"has_login": False})
    assert world.reasons(event) == [("dropped", "email", "already_has_login")]
    world.happens("contact.changed", subject="c1", data=None)
    world.ann()
    world.happens("login.invited", subject="c1", data={"has_login": False})
    assert invited(world) == ["ann@example.org"]


def test_a_batch_of_many_goes_to_each_of_them_once() -> None:
    many = [f"h{number}" for number in range(1201)]
    world = pantry()
    world.happens("clients.batch_created", data={"batch_id": "b1", "clients": [*many, *many[:3]]})
    event = world.happens("clients.invited", data=INVITATION)
    assert sorted(each.contact or "" for each in world.decisions if each.event_id == event) == sorted(many)


def test_an_invitation_that_is_switched_off_is_decided_once_for_the_batch() -> None:
    world = pantry(login_invitation={"enabled": False})
    world.happens("clients.batch_created", data=BATCH)
    event = world.happens("clients.invited", data=INVITATION)
    assert world.reasons(event) == [("dropped", "email", "setting_off:enabled")]


def test_batches_of_two_tenants_do_not_meet() -> None:
    world = households()
    world.happens("settings.changed", tenant="other", data=PANTRY)
    world.happens("contact.changed", tenant="other", subject="c1", data={"email": "eve@other.example"})
    world.happens("clients.batch_created", data=BATCH)
    world.happens("clients.invited", tenant="other", data=INVITATION)
    assert invited(world) == []


@pytest.mark.parametrize(
    ("event_type", "kind"),
    [("password.chosen", "password_chosen"), ("password.reset_requested", "password_reset")],
)
def test_passwords_do_not_wait(event_type: str, kind: str) -> None:
    world = pantry()
    world.happens(event_type, subject="c1", data={"link": "https://portal.example/reset/1"})
    [mail] = world.messages
    assert (mail.kind, mail.lane, mail.in_doubt) == (kind, Lane.URGENT, InDoubt.RESEND)


@pytest.mark.parametrize(
    ("actor", "fields", "reasons"),
    [
        ("staff", {"order_id": "o1"}, {("sent", "email", None), ("dropped", "sms", "no_primary_phone")}),
        ("staff", {}, {("dropped", "email", "not_linked_to_order"), ("dropped", "sms", "not_linked_to_order")}),
        ("client", {"order_id": "o1"}, {("dropped", None, "no_rule_matched")}),
    ],
    ids=["staff, with an order", "staff, without", "the client"],
)
def test_clients_hear_of_orders_that_staff_changed(
    actor: str, fields: dict[str, str], reasons: set[tuple[str, str | None, str | None]]
) -> None:
    world = pantry()
    actor_of_edit = {"kind": actor, "id": "x"}
    event = world.happens("visit.edited", subject="c1", actor=actor_of_edit, data={"visit_id": "v1", **fields})
    assert set(world.reasons(event)) == reasons


def test_a_registration_that_goes_on_by_itself_says_which_setting_decided() -> None:
    world = pantry()
    world.happens("client.registered", subject="c1", data={})
    [decision] = [each for each in world.decisions if each.kind == "registration_notification"]
    assert decision.reason == "workflow_not_stop_after_registration"
    assert decision.facts == {"kinds.registration_notification.stop_after_registration": False}
