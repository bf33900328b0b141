"""The gates, what is held, consent, dedup and prepaid credits, through the whole topology in memory."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from processors.dispatch.gates import GATES
from schemas.consent import Consent
from schemas.topics import MESSAGES
from schemas.words import Status
from tests.unit.processors.world import ANN, APPOINTMENT, MONDAY, ORDER, PANTRY, World

CLIENT = {"kind": "client", "id": "c1"}


def ordered(contact: dict[str, Any] | None = None, consent: dict[str, Any] | None = None, **changes: Any) -> list[Any]:
    """What is decided on Ann's order in a pantry with these settings."""
    world = World(settings={**PANTRY, "staff": [], **changes})
    if contact is not None:
        world.ann(**contact)
    if consent is not None:
        world.happens("consent.changed", data={"address": "ann@example.org", **consent})
    event = world.happens("order.completed", subject="c1", actor=CLIENT, data=ORDER)
    return world.reasons(event, "order_confirmation")


@pytest.mark.parametrize(
    ("situation", "reason"),
    [
        ({"contact": {}}, None),
        ({"contact": {}, "channels": {}}, "channel_not_activated"),
        ({"contact": {}, "channels": {"email": {"requested": False}}}, "channel_not_activated"),
        ({"contact": {}, "senders": {}}, "channel_not_activated"),
        ({"contact": {}, "channels": {"email": {"requested": True, "paid": False}}}, "sms_payment_pending"),
        ({"contact": {}, "support_agreement_until": "2026-05-31"}, "entitlement_lapsed"),
        ({"contact": {}, "support_agreement_until": "2026-06-01"}, None),
        ({"contact": {}, "consent": {"opted_out": ["all"]}}, "opted_out:all"),
        ({"contact": {}, "consent": {"opted_out": ["service"]}}, "opted_out:service"),
        ({"contact": {}, "consent": {"opted_out": ["marketing"]}}, None),
        ({"contact": {"sms_alerts": "No SMS"}}, None),
        ({"contact": {"email": None}}, "no_address:email"),
        ({}, "no_address:email"),
        ({"contact": {}, "consent": {"suppressed": "deceased"}}, "suppressed:deceased"),
        ({"contact": {}, "consent": {"opted_out": ["all"], "suppressed": "bounce"}}, "opted_out:all"),
        ({"contact": {"email": None}, "channels": {}}, "channel_not_activated"),
        (
            {"contact": {}, "quiet_hours": {"start": "09:00", "end": "11:00", "channels": ["email"]}},
            "held_quiet_hours_until:2026-06-01T15:00:00Z",
        ),
        (
            {
                "contact": {},
                "quiet_hours": {"start": "09:00", "end": "11:00", "channels": ["email"], "exempt": ["service"]},
            },
            None,
        ),
        (
            {
                "contact": {},
                "templates": {"order_confirmation": {"email": {"subject": "x", "text": "{{ customer.account }}"}}},
            },
            "missing_variable:customer.account",
        ),
        (
            {"contact": {}, "templates": {"order_confirmation": {"email": {"subject": "x", "text": "{{ 1 / 0 }}"}}}},
            "render_error",
        ),
    ],
)
def test_the_first_gate_that_fails_is_the_reason(situation: dict[str, Any], reason: str | None) -> None:
    [(outcome, channel, found)] = ordered(**situation)
    assert (channel, found) == ("email", reason)
    assert outcome == ("sent" if reason is None else "held" if reason.startswith("held") else "dropped")


def test_texts_and_calls_are_silenced_by_no_sms() -> None:
    world = World(settings={**PANTRY, "kinds": {"appointment_reminder": {"sms_hours_before": 24}}})
    world.ann(sms_alerts="No SMS")
    event = world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
    world.passes(days=14)
    assert world.reasons(event)[-1] == ("dropped", "sms", "contact_pref_off")


def test_a_contact_without_a_primary_phone_is_said() -> None:
    world = World(settings={**PANTRY, "kinds": {"appointment_reminder": {"sms_hours_before": 24}}})
    world.ann(phones=[{"number": "+12025550101", "type": "mobile"}])
    event = world.happens("appointment.scheduled", subject="c1", data=APPOINTMENT)
    world.passes(days=14)
    assert world.reasons(event)[-1] == ("dropped", "sms", "no_primary_phone")


def test_the_gates_stand_in_the_contracts_order() -> None:
    names = "expired activated paid agreed reminders_on not_opted_out box_ticked dispatch_box_ticked wants_texts"
    names += " has_address in_programme has_carrier not_suppressed only_copy awake"
    assert [gate.__name__ for gate in GATES] == names.split()


def quiet_text() -> World:
    """A text that is due at five in the morning, while Ann sleeps until eight."""
    settings = {
        **PANTRY,
        "quiet_hours": {"start": "21:00", "end": "08:00"},
        "kinds": {"appointment_reminder": {"sms_hours_before": 6}},
    }
    world = World(settings=settings)
    world.ann()
    world.happens("appointment.scheduled", subject="c1", data={**APPOINTMENT, "starts_at": "2026-06-10T11:00:00-04:00"})
    world.runs_until(datetime(2026, 6, 10, 10, tzinfo=UTC))
    assert [decision.outcome for decision in world.decisions if decision.channel == "sms"] == ["scheduled", "held"]
    return world


def test_what_quiet_hours_hold_leaves_at_their_end() -> None:
    world = quiet_text()
    world.passes(hours=3)
    assert [message.commanded_at for message in world.messages] == [datetime(2026, 6, 10, 12, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("event_type", "fields", "reason"),
    [
        ("appointment.cancelled", {"appointment_id": "a1"}, "cancelled_by_event"),
        ("contact.changed", None, "cancelled_by_event"),
        (
            "appointment.rescheduled",
            {"appointment_id": "a1", "starts_at": "2026-07-10T11:00:00-04:00"},
            "rescheduled_by_event",
        ),
    ],
)
def test_what_is_held_can_still_be_withdrawn(event_type: str, fields: Any, reason: str) -> None:
    world = quiet_text()
    world.happens(event_type, subject="c1", data=fields)
    world.passes(hours=6)
    assert world.messages == []
    assert ("cancelled", reason) in [(decision.outcome, decision.reason) for decision in world.decisions]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (["Marketing", "ALL"], ("marketing", "all")),
        (["trunk", " Service ", "service"], ("TRUNK", "service")),
        (["newsletter"], ("newsletter",)),
        ([], ()),
    ],
)
def test_a_scope_is_known_in_any_case(said: list[str], meant: tuple[str, ...]) -> None:
    world = World(settings={**PANTRY, "programmes": {"TRUNK": {"short_code": "12345", "name": "Trunk shows"}}})
    world.happens("consent.changed", data={"address": "ann@example.org", "opted_out": said, "opted_in": ["trunk"]})
    [consent] = world.of("consents", Consent)
    assert (consent.opted_out, consent.opted_in) == (meant, ("TRUNK",))


@pytest.mark.parametrize(
    ("settings", "event_type", "data", "facts"),
    [
        ({}, "inbound.call", {"from": "+12025550101", "to": "+12025550111"}, {"main_phone": None}),
        ({}, "inbound.sms", {"from": "+12025550101", "to": "+12025550111", "text": "Hello"}, {"contact_email": None}),
        (
            {"channels": {"sms": {"requested": True, "via": "email"}, "email": {"requested": True}}},
            "inbound.sms",
            {"from": "+12025550101", "to": "+12025550111", "text": "Hello"},
            {"smtp_contact_email": None},
        ),
    ],
)
def test_an_address_that_the_tenant_never_gave_is_named_by_its_setting(
    settings: dict[str, Any], event_type: str, data: dict[str, str], facts: dict[str, None]
) -> None:
    own = {"main_phone": None, "contact_email": None, "smtp_contact_email": None}
    asked = {"channels": {name: {"requested": True} for name in ("email", "sms", "voice")}}
    without = {key: value for key, value in {**PANTRY, **asked, **settings, **own}.items() if value is not None}
    world = World(settings=without)
    world.happens(event_type, data=data)
    [decision] = world.decisions
    assert decision.reason in ("no_address:voice", "no_address:email")
    assert decision.facts == facts


def test_an_opt_out_during_the_quiet_hours_counts_at_their_end() -> None:
    world = quiet_text()
    world.happens("consent.changed", data={"address": "(202) 555-0101", "opted_out": ["all"]})
    world.passes(hours=3)
    assert world.messages == []
    assert world.decisions[-1].reason == "opted_out:all"


def test_a_candidate_that_arrives_twice_is_commanded_once() -> None:
    world = World(settings={**PANTRY, "staff": []})
    world.ann()
    candidates = world.runner.watch(MESSAGES.name)
    world.happens("order.completed", subject="c1", actor=CLIENT, data=ORDER)
    [candidate] = list(candidates)
    world.runner.send(MESSAGES.name, candidate.key, candidate.value, world.now)
    sent = [decision for decision in world.decisions if decision.outcome == "sent"]
    assert (len(world.messages), len(sent)) == (1, 1)


def test_a_candidate_waits_for_the_settings_it_was_made_under() -> None:
    world, newer = (World(settings={**PANTRY, "staff": []}) for _ in range(2))
    world.ann()
    newer.ann()
    newer.happens("settings.changed", data={"name": "Hillside"})
    candidates = newer.runner.watch(MESSAGES.name)
    newer.happens("order.completed", subject="c1", actor=CLIENT, data=ORDER)
    [candidate] = candidates
    world.runner.send(MESSAGES.name, candidate.key, candidate.value, world.now)
    assert (world.messages, world.decisions) == ([], [])
    world.happens("settings.changed", data={"name": "Hillside"})
    world.passes(seconds=2)
    assert [message.settings_version for message in world.messages] == [2]


def test_the_address_of_an_opt_out_is_compared_without_case() -> None:
    assert ordered(contact={"email": "Ann@Example.org"}, consent={"opted_out": ["all"]}) == [
        ("dropped", "email", "opted_out:all")
    ]


@pytest.mark.parametrize(("status", "reason"), [(Status.BOUNCED, "bounce"), (Status.COMPLAINED, "complaint")])
def test_an_address_that_bounced_or_complained_is_not_used_again(status: Status, reason: str) -> None:
    world = World(settings={**PANTRY, "staff": []})
    world.ann()
    world.happens("order.completed", subject="c1", actor=CLIENT, data=ORDER)
    world.reports(world.messages[0], status)
    again = world.happens("order.completed", subject="c1", actor=CLIENT, data=ORDER)
    assert world.reasons(again, "order_confirmation") == [("dropped", "email", f"suppressed:{reason}")]


PREPAID = {
    **PANTRY,
    "currency": "USD",
    "billing": {"sms": {"model": "per_segment", "price": "0.02", "prepaid": True}},
    "kinds": {"appointment_reminder": {"sms_hours_before": 24}},
}


def prepaid(*starts: str) -> World:
    world = World(settings=PREPAID)
    world.ann()
    for number, start in enumerate(starts):
        world.happens(
            "appointment.scheduled",
            subject="c1",
            data={**APPOINTMENT, "appointment_id": f"a{number}", "starts_at": start},
        )
    return world


def test_parked_texts_leave_oldest_first_when_credits_come() -> None:
    world = prepaid("2026-06-10T15:00:00-04:00", "2026-06-10T16:00:00-04:00")
    world.runs_until(datetime(2026, 6, 9, 21, tzinfo=UTC))
    assert [decision.reason for decision in world.decisions if decision.outcome == "held"] == [
        "insufficient_credit"
    ] * 2
    world.happens("credits.purchased", data={"channel": "sms", "quantity": 500, "paid_by": "invoice"})
    assert [message.text.split(" at ")[1][:7] for message in world.messages] == ["3:00 PM", "4:00 PM"]


def test_a_parked_text_that_has_become_useless_is_dropped() -> None:
    world = prepaid("2026-06-10T15:00:00-04:00")
    world.runs_until(MONDAY + timedelta(days=10))
    world.happens("credits.purchased", data={"channel": "sms", "quantity": 500, "paid_by": "card"})
    assert world.messages == []
    assert world.decisions[-1].reason == "expired:2026-06-10T19:00:00Z"


def test_a_parked_text_dies_with_its_appointment() -> None:
    world = prepaid("2026-06-10T15:00:00-04:00")
    world.runs_until(MONDAY + timedelta(days=8, hours=6))
    world.happens("appointment.cancelled", subject="c1", data={"appointment_id": "a0"})
    world.happens("credits.purchased", data={"channel": "sms", "quantity": 500, "paid_by": "card"})
    assert world.messages == []
    assert world.decisions[-1].reason == "cancelled_by_event"


def test_a_text_that_failed_gives_its_credits_back() -> None:
    world = prepaid(*["2026-06-10T15:00:00-04:00"] * 2)
    world.happens("credits.purchased", data={"channel": "sms", "quantity": 500, "paid_by": "card"})
    world.runs_until(MONDAY + timedelta(days=8, hours=6))
    world.reports(world.messages[0], Status.FAILED, code="400")
    left = [decision.facts["credits_left"] for decision in world.decisions if "credits_left" in decision.facts]
    world.happens("appointment.scheduled", subject="c1", data={**APPOINTMENT, "appointment_id": "late"})
    world.passes(days=2)
    assert left == [499, 498]
    assert world.decisions[-1].reason in ("reminder_window_passed", "provider_rejected:400")


def test_the_contact_with_the_phone_is_not_told_of_anothers_withdrawal() -> None:
    world = quiet_text()
    world.happens("contact.changed", subject="c2", data={**ANN, "name": "Al Lee"})
    world.happens("contact.changed", subject="c2", data=None)
    world.passes(hours=3)
    assert len(world.messages) == 1
