"""The attempt protocol as tables."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gateways import attempts, retry
from gateways.answers import Accepted, Answer, Rejected, Retry, Unknown, Unreachable, failed
from gateways.attempts import Leave, Report, Send, Settle
from gateways.statuses import status_of
from schemas.consent import Consent
from schemas.delivery import AttemptState, LedgerEntry
from schemas.message import Message
from schemas.words import InDoubt, Status
from tests.unit.gateways.samples import NOON, message, withdrawal

MINUTE = timedelta(minutes=1)
OPTED_OUT = Consent(tenant="pantry", address="ann@example.org", opted_out=("all",))
NO_MARKETING = Consent(tenant="pantry", address="ann@example.org", opted_out=("marketing",))
BOUNCED = Consent(tenant="pantry", address="ann@example.org", suppressed="bounce")


def intent(attempt: int = 1, **changes: object) -> LedgerEntry:
    return LedgerEntry(message_id="m1", state=AttemptState.INTENT, attempt=attempt, at=NOON, message=message(**changes))


def waiting(state: AttemptState = AttemptState.RETRY_AT, **changes: object) -> LedgerEntry:
    return replace(intent(**changes), state=state, retry_at=NOON + MINUTE, code="451")


def test_a_new_message_gets_an_intent_for_its_first_attempt() -> None:
    step = attempts.next_step(None, message(), None, NOON)
    assert isinstance(step, Send)
    assert (step.entry.state, step.entry.attempt, step.entry.message) == (AttemptState.INTENT, 1, message())


@pytest.mark.parametrize(
    ("changes", "consent", "at", "status", "reason"),
    [
        ({}, OPTED_OUT, NOON, Status.SUPPRESSED, "opted_out:all"),
        ({"category": "marketing"}, NO_MARKETING, NOON, Status.SUPPRESSED, "opted_out:marketing"),
        ({}, BOUNCED, NOON, Status.SUPPRESSED, "suppressed:bounce"),
        ({"kind": "keyword_reply"}, BOUNCED, NOON, Status.SUPPRESSED, "suppressed:bounce"),
        ({"useful_until": NOON}, None, NOON + MINUTE, Status.EXPIRED, "expired:2026-03-01T12:00:00Z"),
        ({"useful_until": NOON}, OPTED_OUT, NOON + MINUTE, Status.EXPIRED, "expired:2026-03-01T12:00:00Z"),
    ],
)
def test_the_gate_bars(
    changes: dict[str, object], consent: Consent | None, at: datetime, status: Status, reason: str
) -> None:
    step = attempts.next_step(None, message(**changes), consent, at)
    assert isinstance(step, Settle)
    assert step.status is not None
    assert (step.status.status, step.status.reason, step.status.attempt) == (status, reason, 0)
    assert step.entry.state.is_final
    assert step.entry.message is None


@pytest.mark.parametrize(
    ("changes", "consent", "at"),
    [
        ({}, NO_MARKETING, NOON),
        ({"kind": "keyword_reply"}, OPTED_OUT, NOON),
        ({"useful_until": NOON + MINUTE}, None, NOON + MINUTE),
    ],
)
def test_the_gate_lets_pass(changes: dict[str, object], consent: Consent | None, at: datetime) -> None:
    assert isinstance(attempts.next_step(None, message(**changes), consent, at), Send)


@pytest.mark.parametrize("state", [state for state in AttemptState if state.is_final])
def test_what_is_over_is_only_reported_again(state: AttemptState) -> None:
    status = status_of(message(), Status.ACCEPTED, 1, NOON)
    entry = LedgerEntry(message_id="m1", state=state, attempt=1, at=NOON, status=status)
    assert attempts.next_step(entry, message(), OPTED_OUT, NOON) == Report(status=status)


@pytest.mark.parametrize("entry", [intent(), waiting(), waiting(AttemptState.UNKNOWN)])
def test_what_is_on_its_way_or_waits_is_left_to_its_owner(entry: LedgerEntry) -> None:
    assert attempts.next_step(entry, message(), None, NOON) == Leave()


@pytest.mark.parametrize("state", [AttemptState.RETRY_AT, AttemptState.UNKNOWN])
def test_what_waited_is_sent_as_the_next_attempt(state: AttemptState) -> None:
    step = attempts.next_step(waiting(state), message(), None, NOON + MINUTE)
    assert isinstance(step, Send)
    assert step.entry.attempt == 2


def test_a_message_is_not_sent_before_its_hour() -> None:
    early = message(not_before=NOON + MINUTE)
    step = attempts.next_step(None, early, None, NOON)
    assert isinstance(step, Settle)
    assert (step.entry.state, step.entry.retry_at) == (AttemptState.RETRY_AT, NOON + MINUTE)
    later = attempts.next_step(step.entry, early, None, NOON + MINUTE)
    assert isinstance(later, Send)
    assert later.entry.attempt == 1


@pytest.mark.parametrize(
    ("answer", "state", "status", "reason"),
    [
        (Accepted(provider_ref="4Xyz"), AttemptState.ACCEPTED, Status.ACCEPTED, None),
        (Rejected(code="554"), AttemptState.REJECTED, Status.FAILED, "provider_rejected:554"),
        (Rejected(code="550", bounced=True), AttemptState.REJECTED, Status.BOUNCED, None),
        (Retry(code="451"), AttemptState.RETRY_AT, None, None),
        (Unreachable(detail="refused"), AttemptState.RETRY_AT, None, None),
        (Unknown(detail="time-out"), AttemptState.UNKNOWN, Status.DOUBTFUL, None),
    ],
)
def test_an_answer_becomes_a_state_and_a_status(
    answer: Answer, state: AttemptState, status: Status | None, reason: str | None
) -> None:
    settle = attempts.answered(intent(), message(), answer, NOON)
    assert settle.entry.state is state
    assert (settle.status and settle.status.status, settle.status and settle.status.reason) == (status, reason)
    assert (settle.entry.message is None) is state.is_final


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"useful_until": NOON + MINUTE}, NOON + MINUTE),
        ({}, NOON + retry.HORIZON),
    ],
)
def test_retries_end_at_the_horizon_with_the_last_code(changes: dict[str, object], at: datetime) -> None:
    settle = attempts.answered(intent(**changes), message(**changes), Retry(code="451"), at)
    assert settle.status is not None
    assert (settle.status.status, settle.status.reason) == (Status.FAILED, "provider_rejected:451")


def test_a_retry_that_comes_too_late_fails_instead() -> None:
    step = attempts.next_step(waiting(), message(), None, NOON + retry.HORIZON + MINUTE)
    assert isinstance(step, Settle)
    assert step.status is not None
    assert step.status.reason == "provider_rejected:451"


def test_an_outage_of_any_length_does_not_end_a_message() -> None:
    settle = attempts.answered(intent(), message(), Unreachable(detail="refused"), NOON + 2 * retry.HORIZON)
    step = attempts.next_step(settle.entry, message(), None, NOON + 3 * retry.HORIZON)
    assert isinstance(step, Send)


@pytest.mark.parametrize(
    ("policy", "state", "due"),
    [
        (InDoubt.RESEND, AttemptState.UNKNOWN, NOON),
        (InDoubt.WAIT_THEN_RESEND, AttemptState.UNKNOWN, NOON + retry.LOOK_UP_WAIT),
        (InDoubt.DROP, AttemptState.DOUBTFUL, None),
        (InDoubt.HOLD, AttemptState.DOUBTFUL, None),
    ],
)
def test_every_doubt_is_listed_and_goes_by_the_messages_policy(
    policy: InDoubt, state: AttemptState, due: datetime | None
) -> None:
    doubted = message(in_doubt=policy)
    settle = attempts.interrupted(intent(3, in_doubt=policy), doubted, NOON)
    assert settle.status is not None
    assert (settle.status.status, settle.status.attempt) == (Status.DOUBTFUL, 3)
    assert settle.status.reason == ("doubtful" if state is AttemptState.DOUBTFUL else None)
    assert (settle.entry.state, settle.entry.retry_at) == (state, due)


def test_a_consent_that_was_withdrawn_meanwhile_ends_a_doubt_without_unsaying_it() -> None:
    step = attempts.next_step(waiting(AttemptState.UNKNOWN), message(), OPTED_OUT, NOON + MINUTE)
    assert isinstance(step, Settle)
    assert step.status is not None
    assert (step.entry.state, step.status.status, step.status.reason) == (
        AttemptState.DOUBTFUL,
        Status.DOUBTFUL,
        "doubtful",
    )
    assert step.entry.status == step.status


@pytest.mark.parametrize(
    ("entry", "known", "state", "status"),
    [
        (None, message(), AttemptState.CANCELLED, Status.CANCELLED),
        (None, None, AttemptState.CANCELLED, None),
        (waiting(), None, AttemptState.CANCELLED, Status.CANCELLED),
        (waiting(AttemptState.UNKNOWN), None, AttemptState.DOUBTFUL, Status.DOUBTFUL),
    ],
)
def test_a_withdrawal_ends_what_waits(
    entry: LedgerEntry | None, known: Message | None, state: AttemptState, status: Status | None
) -> None:
    step = attempts.withdrawn(entry, known, withdrawal(), NOON)
    assert isinstance(step, Settle)
    assert (step.entry.state, step.status and step.status.status) == (state, status)
    reason = "doubtful" if status is Status.DOUBTFUL else "cancelled_by_event"
    assert step.status is None or step.status.reason == reason


@pytest.mark.parametrize("state", [AttemptState.INTENT, AttemptState.ACCEPTED, AttemptState.REJECTED])
def test_a_withdrawal_leaves_alone_what_has_left(state: AttemptState) -> None:
    assert attempts.withdrawn(replace(intent(), state=state), message(), withdrawal(), NOON) == Leave()


def test_a_message_that_comes_after_its_withdrawal_is_cancelled_with_its_reason() -> None:
    before = attempts.withdrawn(None, None, withdrawal(), NOON)
    assert isinstance(before, Settle)
    step = attempts.next_step(before.entry, message(), None, NOON)
    assert isinstance(step, Settle)
    assert step.status is not None
    assert (step.status.status, step.status.reason) == (Status.CANCELLED, "cancelled_by_event")


@pytest.mark.parametrize(
    ("code", "is_retried"),
    [("429", True), ("500", True), ("503", True), ("404", False), ("21610", False), ("5abc", False), ("5000", False)],
)
def test_429_and_5xx_are_tried_again_and_nothing_else(code: str, is_retried: bool) -> None:
    assert isinstance(failed(code), Retry) is is_retried
