"""Events, contacts, threads and plans, through the whole topology in memory."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.answered import Answered
from schemas.contact import Contact
from schemas.topics import AUDIENCE, EVENTS
from schemas.wire import event_from_mapping
from schemas.words import Channel
from tests.unit.processors.world import ANN, APPOINTMENT, MONDAY, ORDER, PANTRY, World

CLIENT = {"kind": "client", "id": "c1"}


def pantry(**changes: Any) -> World:
    world = World(settings={**PANTRY, **changes})
    world.ann()
    return world


def reminders(world: World) -> list[tuple[str, str]]:
    return sorted(
        (f"{message.commanded_at:%m-%dT%H:%M}", message.channel)
        for message in world.messages
        if message.kind == "appointment_reminder"
    )


def test_an_order_tells_the_client_and_the_staff_who_pack() -> None:
    world = pantry()
    event = world.happens("order.completed", subject="c1", actor=CLIENT, data=ORDER)
    told = {(message.kind, message.to, message.staff) for message in world.messages}
    assert told == {
        ("order_confirmation", "ann@example.org", None),
        ("order_notification", "sam@pantry.example", "s1"),
    }
    assert world.reasons(event) == [("sent", "email", None), ("sent", "email", None)]


def test_the_same_event_five_times_is_one_message() -> None:
    world = pantry(staff=[])
    for _ in range(5):
        world.happens("order.completed", id="o-1", source="/portal", subject="c1", actor=CLIENT, data=ORDER)
    assert len(world.messages) == 1


def test_an_event_under_another_key_is_answered_once_under_its_own() -> None:
    world = pantry(staff=[])
    again = World(settings={**PANTRY, "staff": []})
    again.ann()
    event = {"id": "x", "subject": "c1", "actor": CLIENT, "data": ORDER}
    world.happens("order.completed", **event)
    envelope = {"tenant": "pantry", "type": "order.completed", "time": MONDAY.isoformat(), **event}
    again.runner.send(EVENTS.name, "some other key", event_from_mapping(envelope), MONDAY)
    assert [message.message_id for message in again.messages] == [message.message_id for message in world.messages]


def test_moving_the_appointment_moves_the_reminders() -> None:
    world = pantry()
    world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
    moved = {"appointment_id": "a1", "starts_at": "2026-06-12T15:00:00-04:00"}
    world.happens("appointment.rescheduled", subject="c1", data=moved)
    world.passes(days=14)
    assert reminders(world) == [("06-10T19:00", "email"), ("06-11T19:00", "sms")]


def test_a_tick_of_the_very_millisecond_finds_a_due_time_with_microseconds() -> None:
    world = pantry()
    world.happens(
        "appointment.scheduled", subject="c1", data={**APPOINTMENT, "starts_at": "2026-06-10T19:00:00.000999Z"}
    )
    world.passes(days=14)
    assert len(reminders(world)) == 2


def test_cancelling_at_the_very_second_stops_the_reminder() -> None:
    world = pantry()
    event = world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
    world.runs_until(MONDAY + timedelta(days=7, hours=5) - timedelta(milliseconds=1))
    world.now += timedelta(milliseconds=1)
    world.happens("appointment.cancelled", subject="c1", data={"appointment_id": "a1"})
    world.passes(days=7)
    assert reminders(world) == []
    assert ("cancelled", "email", "cancelled_by_event") in world.reasons(event)


def test_cancelling_after_the_mail_withdraws_it_at_the_gateway() -> None:
    world = pantry()
    world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
    world.passes(days=7, hours=6)
    world.happens("appointment.cancelled", subject="c1", data={"appointment_id": "a1"})
    [mail] = world.messages
    assert [(each.message_id, each.reason) for each in world.withdrawals] == [(mail.message_id, "cancelled_by_event")]


def test_an_event_that_nothing_answers_is_explained() -> None:
    world = pantry()
    lost = world.happens("parcel.lost", subject="c1", data={"parcel": "p1"})
    edited = world.happens("order.edited", subject="c1", actor={"kind": "staff", "id": "s1"}, data=ORDER)
    assert world.reasons(lost) == world.reasons(edited) == [("dropped", None, "no_rule_matched")]


@pytest.mark.parametrize(
    ("kinds", "channel", "reason"),
    [
        ({"order_confirmation": {"send_confirmation_email": False}}, "email", "setting_off:send_confirmation_email"),
        ({"order_confirmation": {"enabled": False}}, "email", "setting_off:enabled"),
    ],
)
def test_a_switch_that_is_off_is_the_reason(kinds: dict[str, Any], channel: str, reason: str) -> None:
    world = pantry(staff=[], kinds=kinds)
    event = world.happens("order.completed", subject="c1", actor=CLIENT, data=ORDER)
    assert ("dropped", channel, reason) in world.reasons(event)
    assert world.messages == []


def test_a_channel_without_hours_is_off() -> None:
    world = pantry(kinds={"appointment_reminder": {"sms_hours_before": 24}})
    event = world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
    assert world.reasons(event) == [
        ("dropped", "email", "setting_off:email_hours_before"),
        ("scheduled", "sms", None),
    ]


def test_nobody_with_the_role_is_said() -> None:
    world = pantry(staff=[])
    event = world.happens("order.completed", subject="c1", actor=CLIENT, data=ORDER)
    assert ("dropped", "email", "no_address:email") in world.reasons(event)


def test_an_event_overtaking_its_tenants_settings_waits_for_them() -> None:
    world = World()
    event = world.happens("order.completed", subject="c1", actor=CLIENT, data=ORDER)
    assert (world.decisions, world.refused) == ([], [])
    world.happens("settings.changed", data=PANTRY)
    world.ann()
    world.passes(seconds=2)
    assert ("sent", "email", None) in world.reasons(event)


def test_events_that_wait_for_their_tenant_are_taken_in_order_and_not_overtaken() -> None:
    """Ids are against the order, all in one millisecond; the last event comes while the others are being released."""
    world = World(partitions=1)
    overtaking = event_from_mapping(
        {
            "id": "a-last",
            "tenant": "pantry",
            "type": "order.completed",
            "subject": "c1",
            "time": MONDAY.isoformat(),
            "actor": CLIENT,
            "data": ORDER,
        }
    )
    world.happens("contact.changed", id="z-first", subject="c1", data={**ANN, "email": "old@example.org"})
    world.happens("contact.changed", id="y-second", subject="c1", data={"email": "new@example.org"})
    world.happens("settings.changed", data={**PANTRY, "staff": []})
    released = world.runner.watch("audience")
    world.runner.publish(overtaking, world.now)
    assert world.messages == []
    world.passes(seconds=2)
    assert [message.to for message in world.messages] == ["new@example.org"]
    assert [getattr(record.value, "id", "over") for record in released] == ["z-first", "y-second", "a-last", "over"]
    event = world.happens("order.completed", subject="c1", actor=CLIENT, data=ORDER)
    assert world.reasons(event, "order_confirmation") == [("sent", "email", None)]


def test_an_event_of_an_unknown_tenant_is_refused_after_ten_seconds() -> None:
    world = World()
    event = world.happens("order.completed", subject="c1", actor=CLIENT, data=ORDER)
    world.passes(seconds=30)
    [letter] = world.refused
    assert (letter.event_id, [str(fault) for fault in letter.faults]) == (
        event,
        ["tenant: tenant 'pantry' has no settings"],
    )


def test_settings_that_are_not_valid_change_nothing() -> None:
    world = pantry(staff=[])
    world.happens("settings.changed", data={"quiet_hourz": {}, "channels": {"email": {"requested": False}}})
    [letter] = world.refused
    assert [fault.path for fault in letter.faults] == ["quiet_hourz"]
    event = world.happens("order.completed", subject="c1", actor=CLIENT, data=ORDER)
    assert ("sent", "email", None) in world.reasons(event)


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        (
            {"templates": {"order_confirmation": {"email": {"text": "{{ oops"}}}},
            "templates.order_confirmation.email.text",
        ),
        ({"currency": "UDS"}, "currency"),
        ({"timezone": "localtime"}, "timezone"),
    ],
)
def test_a_setting_that_only_looks_right_is_refused(setting: dict[str, Any], path: str) -> None:
    world = pantry()
    world.happens("settings.changed", data=setting)
    assert [fault.path for letter in world.refused for fault in letter.faults] == [path]


@pytest.mark.parametrize(
    ("patch", "path"),
    [
        ({"phones": [{"number": "12", "type": "mobile"}]}, "data.phones.0.number"),
        ({"phones": [{"number": "555-0101", "type": "mobile"}]}, "data.phones.0.number"),
        ({"emial": "x@example.org"}, "data.emial"),
        ({"id": "c2"}, "data.id"),
        ({"email": "Ann"}, "data.email"),
        ({"email": "ann@example.org\r\nBcc: bob@example.org"}, "data.email"),
        ({"sms_alerts": "no sms"}, "data.sms_alerts"),
    ],
)
def test_a_contact_that_is_not_valid_is_refused_with_its_path(patch: dict[str, Any], path: str) -> None:
    world = pantry()
    world.happens("contact.changed", subject="c1", data=patch)
    assert [fault.path for letter in world.refused for fault in letter.faults] == [path]


@pytest.mark.parametrize("alerts", ["", " ", "SMS OK", "No SMS", "carrier:att", "carrier:of tomorrow"])
def test_what_a_contact_may_say_about_texts_is_kept(alerts: str) -> None:
    world = pantry()
    world.happens("contact.changed", subject="c1", data={"sms_alerts": alerts})
    assert world.refused == []


def test_an_empty_address_is_none() -> None:
    world = pantry()
    world.happens("contact.changed", subject="c1", data={"email": "", "address": ["", " "]})
    event = world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
    world.passes(days=14)
    assert ("dropped", "email", "no_address:email") in world.reasons(event)
    assert Contact(id="c1", address=("", " ")).postal_address is None


def test_an_event_that_comes_in_vain_says_so_of_each_channel() -> None:
    world = pantry()
    world.happens("appointment.cancelled", subject="c1", data={"appointment_id": "a1"})
    event = world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT, time="2026-05-31T12:00:00Z")
    assert sorted(world.reasons(event)) == [
        ("dropped", "email", "cancelled_by_event"),
        ("dropped", "sms", "cancelled_by_event"),
    ]


def test_a_local_number_is_read_by_the_tenants_country() -> None:
    world = World(settings=PANTRY)
    world.ann(phones=[{"number": "(202) 555-0101", "type": "mobile", "primary": True}])
    world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
    world.passes(days=14)
    assert {message.to for message in world.messages if message.channel is Channel.SMS} == {"+12025550101"}


def test_erasing_a_contact_forgets_what_was_planned() -> None:
    world = pantry()
    event = world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
    world.happens("contact.changed", subject="c1", data=None)
    world.passes(days=14)
    assert world.messages == []
    assert world.reasons(event)[-2:] == [
        ("cancelled", "email", "cancelled_by_event"),
        ("cancelled", "sms", "cancelled_by_event"),
    ]


STARTS = [f"2026-06-{day:02d}T15:00:00-04:00" for day in range(10, 20)]


@settings(max_examples=60)
@given(st.data())
def test_no_order_of_arrival_reminds_of_an_old_or_cancelled_time(data: st.DataObject) -> None:
    """Schedule, moves and perhaps a cancellation in any order: what holds is what happened last."""
    moves = data.draw(st.lists(st.sampled_from(STARTS), max_size=4))
    cancelled = data.draw(st.booleans())
    story: list[tuple[str, dict[str, Any]]] = [("appointment.scheduled", dict(APPOINTMENT))]
    story += [("appointment.rescheduled", {"appointment_id": "a1", "starts_at": start}) for start in moves]
    if cancelled:
        story.append(("appointment.cancelled", {"appointment_id": "a1"}))
    told = [(f"x{n}", (MONDAY - timedelta(hours=20 - n)).isoformat(), *step) for n, step in enumerate(story)]
    world = World(settings={**PANTRY, "kinds": {"appointment_reminder": {"email_hours_before": 48}}})
    world.ann()
    for event_id, time, event_type, fields in data.draw(st.permutations(told + told[:1])):
        world.happens(event_type, id=event_id, time=time, subject="c1", data=fields)
    world.passes(days=30)
    final = moves[-1] if moves else APPOINTMENT["starts_at"]
    due = f"06-{int(final[8:10]) - 2:02d}T19:00"
    assert reminders(world) == ([] if cancelled else [(due, "email")])


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_an_appointment_scheduled_again_after_its_cancellation_is_reminded_in_any_order(order: tuple[int, ...]) -> None:
    story = [
        ("appointment.scheduled", {**APPOINTMENT, "starts_at": "2026-06-12T15:00:00-04:00"}),
        ("appointment.cancelled", {"appointment_id": "a1"}),
        ("appointment.scheduled", dict(APPOINTMENT)),
    ]
    world = World(settings={**PANTRY, "kinds": {"appointment_reminder": {"email_hours_before": 48}}})
    world.ann()
    for number in order:
        event_type, fields = story[number]
        time = (MONDAY - timedelta(hours=9 - number)).isoformat()
        world.happens(event_type, id=f"x{number}", time=time, subject="c1", data=fields)
    world.passes(days=30)
    assert reminders(world) == [("06-08T19:00", "email")]


def test_a_wave_of_reminders_too_large_for_one_tick_leaves_with_several() -> None:
    """Each of 400 plans writes some 4 kB when it leaves: together more than one record may write."""
    world = World(partitions=1, settings={**PANTRY, "kinds": {"appointment_reminder": {"email_hours_before": 48}}})
    world.ann()
    for number in range(400):
        fields = {**APPOINTMENT, "appointment_id": f"a{number}", "location": "x" * 2_000}
        world.happens("appointment.scheduled", subject="c1", data=fields)
    world.passes(days=14)
    assert (len(reminders(world)), world.refused) == (400, [])


def test_two_tenants_with_the_same_ids_do_not_meet() -> None:
    world = World(settings={**PANTRY, "staff": []})
    world.happens("settings.changed", tenant="other", data={**PANTRY, "staff": [], "name": "Hillside"})
    for tenant in ("pantry", "other"):
        world.happens("contact.changed", tenant=tenant, subject="c1", data={**ANN, "email": f"ann@{tenant}.example"})
        world.happens("order.completed", tenant=tenant, id="same", subject="c1", actor=CLIENT, data=ORDER)
    assert sorted((message.tenant, message.to) for message in world.messages) == [
        ("other", "ann@other.example"),
        ("pantry", "ann@pantry.example"),
    ]


@pytest.mark.parametrize(
    ("event", "outcomes"),
    [
        ({"type": "payment.received", "data": {"account": "1001", "amount": "5.00"}}, [0]),
        ({"type": "invoice.paid", "data": {"number": "17"}}, [0]),
        ({"type": "contact.changed", "data": {"attributes": {"vip": True}}}, [0]),
        ({"type": "contact.changed", "data": {"reminders": False}}, []),
        ({"type": "consent.changed", "data": {"address": "ann@example.org", "opted_out": ["all"]}}, []),
        ({"type": "order.completed", "data": ORDER}, []),
    ],
    ids=["a payment", "an invoice", "what no address asks", "what an address has to know", "consent", "an order"],
)
def test_what_leaves_no_other_trace_is_said_to_be_taken(event: dict[str, Any], outcomes: list[int]) -> None:
    world = pantry()
    told = world.runner.watch(AUDIENCE.name)
    happened = world.happens(event["type"], subject="c1", actor=CLIENT, data=event["data"])
    answered = [record.value for record in told if isinstance(record.value, Answered)]
    assert [(each.event_id, each.outcomes) for each in answered] == [(happened, number) for number in outcomes]
