from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest

from schemas.billing import Usage
from schemas.decision import Decision
from schemas.delivery import AttemptState, DeliveryStatus, LedgerEntry
from schemas.message import Message
from schemas.reasons import Reason
from schemas.words import Channel, InDoubt, Lane, Outcome, Status
from tidings.docs.reasons import reasons
from tidings.explain import kind_in_words, stories
from tidings.inquiry import Answer, Inquiry
from tidings.newest import Newest
from tidings.plain_reasons import because
from tidings.told import charged, decided, reported, tried

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def decision(outcome: Outcome = Outcome.DROPPED, reason: str | None = None, **fields: object) -> Decision:
    given = {"tenant": "pantry", "event_id": "e1", "at": NOON, "kind": "order_confirmation"} | fields
    return Decision(outcome=outcome, reason=reason, **given)  # type: ignore[arg-type]  # fields as the test names them


def status(state: Status = Status.ACCEPTED, **fields: object) -> DeliveryStatus:
    given = {
        "message_id": "m1",
        "tenant": "pantry",
        "kind": "order_confirmation",
        "channel": Channel.EMAIL,
        "to": "ann@example.org",
        "event_id": "e1",
        "category": "service",
        "attempt": 1,
        "at": NOON + timedelta(seconds=1),
        "commanded_at": NOON,
    } | fields
    return DeliveryStatus(status=state, **given)  # type: ignore[arg-type]  # fields as the test names them


@pytest.mark.parametrize(
    ("parameter", "happened", "is_another_address_asked_for"),
    [("bounce", "bounced", True), ("complaint", "reported", False), ("deceased", "deceased", False)],
)
def test_nobody_is_told_to_ask_the_dead_or_who_complained_for_an_address(
    parameter: str, happened: str, is_another_address_asked_for: bool
) -> None:
    told = because(Reason.SUPPRESSED.of(parameter))
    assert happened in told.why
    assert happened in told.otherwise or parameter in told.otherwise
    assert ("another address" in told.advice) == is_another_address_asked_for


CHARGED = {"no", "when it leaves", "the other message is", "the first one is", "the new one is"}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_says_what_happened_what_to_do_what_would_change_it_and_whether_it_is_charged(
    reason: Reason,
) -> None:
    carried = reason.of("PARAMETER") if reason.takes else reason.value
    told = because(carried, Channel.SMS)
    for clause in (told.why, told.otherwise):
        assert clause
        assert not clause.endswith(".")
        assert reason.value not in clause
    assert told.advice.endswith(".")
    assert told.charged in CHARGED
    has_words_of_its_own_for_each = reason is Reason.SUPPRESSED
    names_it = reason.takes is not None and not has_words_of_its_own_for_each
    assert ("PARAMETER" in told.why + told.advice) == names_it
    assert not any(brace in text for brace in "{}" for text in (told.why, told.advice, told.otherwise))


@pytest.mark.parametrize("reason", Reason)
def test_the_reference_says_of_every_reason_what_the_command_says(reason: Reason) -> None:
    carried = reason.of(f"<{reason.takes}>") if reason.takes else reason.value
    carried = {"no_address": "no_address:<channel>", "suppressed": "suppressed:deceased"}.get(reason, carried)
    told = because(carried)
    [row] = [line for line in unescape(reasons()).splitlines() if line.startswith(f"| `{carried}` |")]
    assert told.why[1:] in row
    assert told.otherwise[1:] in row
    assert f"| {told.charged} |" in row


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("outcome", [Outcome.DROPPED, Outcome.HELD, Outcome.CANCELLED, Outcome.COALESCED])
def test_every_reason_makes_a_sentence_on_what_would_have_to_change(reason: Reason, outcome: Outcome) -> None:
    carried = reason.of("PARAMETER") if reason.takes else reason.value
    told = decided(decision(outcome, carried))
    assert told.otherwise is not None
    assert told.otherwise.startswith("It would ")
    assert " if " in told.otherwise
    assert told.otherwise.endswith(".")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_makes_a_sentence(reason: Reason) -> None:
    told = decided(decision(reason=reason.value))
    assert told.sentence.startswith("It was not sent, because ")
    assert told.sentence.endswith(f"({reason.value}).")


def test_braces_in_criteria_are_told_as_they_are() -> None:
    assert because("criteria_false:{'a': 1}.a == 2").why == "the rule's criteria did not hold: {'a': 1}.a == 2"


@pytest.mark.parametrize("reason", ["no_address:email", "no_mobile_number", "no_primary_phone"])
def test_somebody_without_an_address_is_told_apart_from_nobody(reason: str) -> None:
    nobody = because(reason, Channel.EMAIL, {"contact_known": False})
    assert nobody.why.startswith("no such contact was known")
    assert because(reason, Channel.EMAIL, {"contact_known": True}) == because(reason, Channel.EMAIL)


def test_a_field_that_names_nobody_is_told_apart_from_an_address() -> None:
    assert "the event's field 'roles.bride'" in because("no_address:field:roles.bride").why
    assert because("no_address:email", Channel.EMAIL).why == "the recipient has no address for email"
    nobody = because("no_address:email", Channel.EMAIL, {"staff_with_role": "storefront_notification", "found": 0})
    assert nobody.why == "nobody on the tenant's staff has the role 'storefront_notification'"


def test_a_reason_nobody_knows_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="bad_luck"):
        because("bad_luck:today")


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_makes_a_sentence(outcome: Outcome) -> None:
    assert decided(decision(outcome)).sentence.endswith(".")


@pytest.mark.parametrize("state", Status)
def test_every_status_makes_a_sentence(state: Status) -> None:
    assert reported(status(state)).sentence.endswith(".")


def test_a_planned_message_is_told_with_its_hour() -> None:
    told = decided(decision(Outcome.SCHEDULED, due=NOON + timedelta(hours=1)))
    assert told.sentence == "It was planned. It is due at 2026-03-01T13:00:00Z."


def test_a_later_attempt_and_the_servers_words_are_told() -> None:
    told = reported(status(Status.FAILED, attempt=3, code="550", detail="no such user"))
    assert told.sentence == "Sending failed at attempt 3 (550: no such user)."


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("order_confirmation", "Order confirmation"),
        ("rule:confirm_order", "Rule confirm_order"),
        ("campaign:June", "Campaign June"),
    ],
)
def test_kinds_are_told_in_words(kind: str, words: str) -> None:
    assert kind_in_words(kind) == words


@pytest.mark.parametrize(
    ("kind", "reason", "facts", "settings", "otherwise"),
    [
        (
            "appointment_reminder",
            "setting_off:sms_hours_before",
            {"kinds.appointment_reminder.sms_hours_before": None},
            [("kinds.appointment_reminder.sms_hours_before", None)],
            "It would have been sent if kinds.appointment_reminder.sms_hours_before had a value.",
        ),
        (
            "document",
            "channel_not_activated",
            {"channels.sms.requested": False},
            [("channels.sms.requested", False)],
            "It would have been sent if channels.sms.requested were true.",
        ),
        (
            "inbound_transfer",
            "no_address:voice",
            {"main_phone": None},
            [("main_phone", None)],
            "It would have been sent if main_phone had a value.",
        ),
        (
            "appointment_reminder",
            "reminder_window_passed",
            {"sms_hours_before": 24, "late_policy": "skip", "starts_at": "2026-06-10"},
            [
                ("kinds.appointment_reminder.sms_hours_before", 24),
                ("kinds.appointment_reminder.late_policy", "skip"),
            ],
            None,
        ),
        ("cart_idle", None, {"idle": "PT1H"}, [("kinds.cart.idle", "PT1H")], None),
        (
            "on_demand",
            "not_permitted",
            {"actor.roles": [], "roles": ["agent"]},
            [("kinds.on_demand.roles", ["agent"])],
            None,
        ),
        (
            "rule:vip",
            "criteria_false:contact.vip",
            {"contact.vip": "False"},
            [("rules.vip.when", "contact.vip")],
            None,
        ),
        ("rule:eve", None, {"at": "13:00", "days_before": 1}, [("rules.eve.timing.at", "13:00")], None),
        (
            "document",
            "expired:t",
            {"quiet_hours": "21:00-08:00", "timezone": "UTC"},
            [("quiet_hours", "21:00-08:00")],
            None,
        ),
        ("document", "opted_out:all", {"opted_out": ["all"]}, [], None),
        (None, "no_rule_matched", {"type": "pallet.arrived"}, [], None),
        ("rule:eve", "doubtful", {"status": "doubtful", "attempt": 1, "detail": None}, [], None),
    ],
)
def test_the_settings_that_decided_are_named_with_path_value_and_version(
    kind: str | None,
    reason: str | None,
    facts: dict[str, object],
    settings: list[tuple[str, object]],
    otherwise: str | None,
) -> None:
    told = decided(decision(reason=reason, kind=kind, facts=facts, settings_version=7))
    found = [(setting.path, setting.value) for setting in told.settings]
    assert found[: len(settings)] == settings
    assert bool(found) == bool(settings)
    assert told.version == 7
    assert told.facts == facts
    assert otherwise is None or told.otherwise == otherwise


def test_the_whole_life_of_a_message_is_told_in_order() -> None:
    def at(seconds: int) -> datetime:
        return NOON + timedelta(seconds=seconds)

    sms = {"message_id": "m1", "contact": "c1", "channel": Channel.SMS, "kind": "document"}
    quiet = "held_quiet_hours_until:2026-03-01T12:00:20Z"
    command = Message(
        message_id="m1",
        tenant="pantry",
        kind="document",
        channel=Channel.SMS,
        to="+12025550101",
        from_="+12025550111",
        event_id="e1",
        lane=Lane.NORMAL,
        category="service",
        in_doubt=InDoubt.RESEND,
        text="Hello",
        settings_version=3,
        template_version="t9",
        commanded_at=at(20),
        segments=1,
        encoding="gsm7",
    )
    entry = LedgerEntry(message_id="m1", state=AttemptState.RETRY_AT, attempt=1, at=at(21), retry_at=at(30), code="503")
    usage = Usage(
        message_id="m1",
        tenant="pantry",
        channel=Channel.SMS,
        units=1,
        unit="segment",
        amount=Decimal("0.02"),
        currency="USD",
        period="2026-03",
        at=at(32),
    )
    found = Answer(
        decisions=(
            decision(Outcome.SENT, at=at(20), **sms),
            decision(Outcome.HELD, quiet, at=at(10), **sms),
            decision(Outcome.SCHEDULED, due=at(10), **sms),
        ),
        statuses=(status(Status.DELIVERED, at=at(32), attempt=2), status(at=at(31), attempt=2)),
        commands=(command,),
        attempts=(entry,),
        usage=(usage, usage),
    )
    [story] = stories(found)
    assert [line.sentence for line in story.told] == [
        "It was planned. It is due at 2026-03-01T12:00:10Z.",
        f"It waits, because it is the recipient's quiet time until 2026-03-01T12:00:20Z ({quiet}).",
        "It was released and handed over for delivery.",
        (
            "It was rendered with template version t9, 1 segment in gsm7, and given to the sms gateway (lane normal)"
            " from +12025550111 to +12025550101."
        ),
        "Attempt 1 was not taken (503). It is tried again at 2026-03-01T12:00:30Z.",
        "The provider accepted it at attempt 2.",
        "It was delivered at attempt 2.",
        "It was charged: 1 segment, 0.02 USD, in period 2026-03, paid by invoice.",
    ]


@pytest.mark.parametrize("state", AttemptState)
def test_an_attempt_is_told_as_long_as_it_may_go_on(state: AttemptState) -> None:
    entry = LedgerEntry(message_id="m1", state=state, attempt=1, at=NOON)
    assert (tried(entry) is None) == state.is_final


def test_what_is_taken_off_the_bill_is_told_so() -> None:
    usage = Usage(
        message_id="m1",
        tenant="pantry",
        channel=Channel.SMS,
        units=-2,
        unit="segment",
        amount=Decimal("-0.04"),
        currency="USD",
        period="2026-03",
        at=NOON,
    )
    assert charged(usage).sentence.startswith("It was taken off the bill again: -2 segments, -0.04 USD")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"event_id": "e1"}, ["sms", "email", "none"]),
        ({"contact": "c1"}, ["sms", "email"]),
        ({"channel": Channel.SMS}, ["sms", "none"]),
        ({"kind": "document", "channel": Channel.SMS}, ["sms"]),
        ({"event_id": "e1", "contact": "c1", "channel": Channel.EMAIL}, ["email"]),
        ({"message_id": "m1"}, ["sms"]),
        ({"tenant": "other", "event_id": "e1"}, []),
    ],
)
def test_what_is_asked_must_all_be_so(asked: dict[str, object], found: list[str]) -> None:
    records = {
        "sms": decision(contact="c1", channel=Channel.SMS, kind="document", message_id="m1"),
        "email": decision(contact="c1", channel=Channel.EMAIL),
        "none": decision(reason="no_rule_matched", kind=None),
    }
    inquiry = Inquiry(**{"tenant": "pantry", "since": NOON, **asked})  # type: ignore[arg-type] # fields as the case names them
    assert [name for name, record in records.items() if inquiry.concerns(record)] == found


def test_only_the_newest_are_kept_however_many_come() -> None:
    kept: Newest[int] = Newest(3, lambda number: NOON + timedelta(seconds=number % 50))
    for number in range(100):
        kept.add(number)
    assert kept.records == (98, 49, 99)
    assert kept.left_off == 97


def test_decisions_and_reports_about_one_message_are_one_story_in_order() -> None:
    planned = decision(Outcome.SCHEDULED, contact="c1", channel=Channel.EMAIL)
    sent = decision(Outcome.SENT, contact="c1", channel=Channel.EMAIL, to="ann@example.org", message_id="m1", at=NOON)
    staff = decision(Outcome.DROPPED, "no_address:email", kind="order_notification", staff="s1", at=NOON + timedelta(3))
    accepted, delivered = status(), status(Status.DELIVERED, at=NOON + timedelta(2))
    told = stories(Answer(decisions=(planned, staff, sent, sent), statuses=(delivered, accepted, accepted)))
    assert [story.decisions for story in told] == [(planned, sent), (staff,)]
    assert told[0].statuses == (accepted, delivered)
    assert told[0].headline == "Order confirmation by email for contact c1 to ann@example.org"
    assert [line.sentence for line in told[0].told] == [
        "It was planned.",
        "It was handed over for delivery.",
        "The provider accepted it.",
        "It was delivered.",
    ]


def test_a_report_whose_decision_is_gone_is_told_all_the_same() -> None:
    [story] = stories(Answer(decisions=(), statuses=(status(),)))
    assert (story.event_id, story.headline) == ("e1", "Order confirmation by email to ann@example.org")


def test_an_event_nothing_answered_is_told_by_its_id() -> None:
    [story] = stories(Answer(decisions=(decision(reason="no_rule_matched", kind=None),), statuses=()))
    assert story.headline == "Event e1"
