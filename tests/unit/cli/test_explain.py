from datetime import UTC, datetime, timedelta

import pytest

from schemas.decision import Decision
from schemas.delivery import DeliveryStatus
from schemas.reasons import Reason
from schemas.words import Channel, Outcome, Status
from tidings.explain import decided, kind_in_words, reported, stories
from tidings.plain_reasons import because

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


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_plain_words_and_says_what_to_do(reason: Reason) -> None:
    carried = reason.of("PARAMETER") if reason.takes else reason.value
    told = because(carried)
    assert told.why
    assert told.advice.endswith(".")
    assert not told.why.endswith(".")
    assert ("PARAMETER" in told.why + told.advice) == (reason.takes is not None)
    assert reason.value not in told.why


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_makes_a_sentence(reason: Reason) -> None:
    told = decided(decision(reason=reason.value))
    assert told.sentence.startswith("It was not sent, because ")
    assert told.sentence.endswith(f"({reason.value}).")


def test_braces_in_criteria_are_told_as_they_are() -> None:
    assert because("criteria_false:{'a': 1}.a == 2").why == "the rule's criteria did not hold: {'a': 1}.a == 2"


def test_a_field_that_names_nobody_is_told_apart_from_an_address() -> None:
    assert "the event's field 'roles.bride'" in because("no_address:field:roles.bride").why
    assert because("no_address:email").why == "the recipient has no address for email"


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


def test_decisions_and_reports_about_one_message_are_one_story_in_order() -> None:
    planned = decision(Outcome.SCHEDULED, contact="c1", channel=Channel.EMAIL)
    sent = decision(
        Outcome.SENT, contact="c1", channel=Channel.EMAIL, to="ann@example.org", message_id="m1", at=NOON + timedelta(1)
    )
    staff = decision(Outcome.DROPPED, "no_address:email", kind="order_notification", staff="s1", at=NOON + timedelta(3))
    accepted, delivered = status(), status(Status.DELIVERED, at=NOON + timedelta(2))
    told = stories([sent, staff, planned, sent], [delivered, accepted, accepted])
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
    [story] = stories([], [status()])
    assert (story.event_id, story.headline) == ("e1", "Order confirmation by email to ann@example.org")


def test_an_event_nothing_answered_is_told_by_its_id() -> None:
    [story] = stories([decision(reason="no_rule_matched", kind=None)], [])
    assert story.headline == "Event e1"
