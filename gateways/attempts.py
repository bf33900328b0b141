"""The attempt protocol, pure: what to do next with a message, and what the ledger and the statuses say afterwards.

    NEW → INTENT(n) → ACCEPTED | REJECTED | RETRY_AT(t) | UNKNOWN(n)
    UNKNOWN → INTENT(n+1) | DOUBTFUL          leaving before an intent: SUPPRESSED | EXPIRED | CANCELLED
    DOUBTFUL, on hold → INTENT(n+1) | DOUBTFUL, by a person's verdict

Whoever runs it writes the entry of a step and awaits that before acting on the step; so a crash at any point leaves
either nothing, or an intent, which is the one state of which nobody can tell whether the message left.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from gateways import retry
from gateways.answers import Accepted, Answer, Rejected, Retry, Unknown, Unreachable
from gateways.gate import barred
from gateways.statuses import status_of
from schemas.candidate import Withdrawal
from schemas.consent import Consent
from schemas.delivery import AttemptState, DeliveryStatus, LedgerEntry
from schemas.making import made_quickly
from schemas.message import Message
from schemas.reasons import Reason
from schemas.replacing import replace
from schemas.verdict import Verdict
from schemas.words import InDoubt, Status

CRASHED = "the gateway stopped between the intent and the answer"


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Write the entry, an intent, and report the status, if there is one; then send attempt `entry.attempt`."""

    entry: LedgerEntry
    status: DeliveryStatus | None = None


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Write the entry; then report the status."""

    entry: LedgerEntry
    status: DeliveryStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The message is over: report its status once more, which is harmless."""

    status: DeliveryStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Nothing to do: it is over, on its way, or its timer owns it."""


Step = Send | Settle | Report | Leave


def next_step(entry: LedgerEntry | None, message: Message, consent: Consent | None, now: datetime) -> Step:
    """What to do with a message that a command or a timer brought, when the ledger knows `entry` of it."""
    if entry is None:
        return _begin(message, consent, now)
    if entry.state.is_final:
        return _report_again(entry, message, now)
    if entry.state is AttemptState.INTENT or entry.retry_at is None or now < entry.retry_at:
        return Leave()
    if entry.state is AttemptState.UNKNOWN:
        # It may have arrived, so what bars a repetition does not unsay the doubt.
        refused = barred(message, consent, now)
        return _left_in_doubt(entry, message, now) if refused else _intent(message, entry.attempt + 1, now)
    if entry.code is not None and now > retry.horizon(message) and not _is_useless(message, now):
        return _failed(message, entry.attempt, now, Rejected(code=entry.code, detail=entry.detail))
    return _gated(message, entry.attempt, consent, now)


def answered(entry: LedgerEntry, message: Message, answer: Answer, now: datetime) -> Settle:
    """What the answer to the attempt of intent `entry` means for the ledger and the statuses."""
    match answer:
        case Accepted():
            return _accepted(entry, message, answer, now)
        case Rejected():
            return _failed(message, entry.attempt, now, answer)
        case Retry():
            due = retry.next_try(message, entry.attempt, now, answer.after)
            if due is None:
                return _failed(message, entry.attempt, now, Rejected(code=answer.code, detail=answer.detail))
            return Settle(entry=_waiting(message, entry.attempt, now, due, code=answer.code, detail=answer.detail))
        case Unreachable():
            due = now + retry.UNREACHABLE_PAUSE
            return Settle(entry=_waiting(message, entry.attempt, now, due, detail=answer.detail))
        case Unknown():
            return _in_doubt(entry, message, now, answer.detail, retry.next_try(message, entry.attempt, now))
    assert_never(answer)


def interrupted(entry: LedgerEntry, message: Message, now: datetime) -> Settle:
    """What becomes of an intent that a crash left open; a resend needs no pause, for no provider asked for one."""
    return _in_doubt(entry, message, now, CRASHED, now)


def taken_back(entry: LedgerEntry, message: Message, now: datetime) -> Settle:
    """An intent that was acked and then, for certain, not acted upon: it may be sent at once, by whoever is next."""
    return Settle(entry=_waiting(message, entry.attempt, now, now))


def withdrawn(
    entry: LedgerEntry | None, message: Message | None, withdrawal: Withdrawal, now: datetime
) -> Settle | Leave:
    """What a withdrawal does: it ends what waits, never what has left. A message that comes later finds it here."""
    if entry is None and message is None and withdrawal.message_id is not None:
        cancelled, reason = AttemptState.CANCELLED, withdrawal.reason
        return Settle(
            entry=LedgerEntry(message_id=withdrawal.message_id, state=cancelled, attempt=0, at=now, detail=reason)
        )
    known = message if entry is None or entry.message is None else entry.message
    if known is None or (entry is not None and (entry.state.is_final or entry.state is AttemptState.INTENT)):
        return Leave()
    if entry is not None and entry.state is AttemptState.UNKNOWN:
        return _left_in_doubt(entry, known, now)
    attempt = 0 if entry is None else entry.attempt
    return _cancelled(known, attempt, withdrawal.reason, now)


def judged(
    entry: LedgerEntry | None, message: Message, verdict: Verdict, consent: Consent | None, now: datetime
) -> Step:
    """What a person's verdict on a message on hold does; on another attempt than it is about, nothing.

    What bars a message bars that it is sent again. Either way it is reported who decided what.
    """
    if entry is None or not entry.is_on_hold or entry.attempt != verdict.attempt:
        return Leave()
    refused = barred(message, consent, now) if verdict.sends_again else None
    said = f"{verdict.by} has it sent again" if verdict.sends_again else f"{verdict.by} leaves it at that"
    detail = f"{said}: {refused.reason}" if refused else said
    status = status_of(message, Status.DOUBTFUL, entry.attempt, now, detail=detail, reason=Reason.DOUBTFUL)
    if verdict.sends_again and refused is None:
        return Send(entry=_intent(message, entry.attempt + 1, now).entry, status=status)
    return Settle(entry=replace(entry, at=now, detail=detail, message=None, status=status), status=status)


def _begin(message: Message, consent: Consent | None, now: datetime) -> Step:
    if message.not_before is not None and now < message.not_before and not _is_useless(message, now):
        return Settle(entry=_waiting(message, 0, now, message.not_before))
    return _gated(message, 0, consent, now)


def _gated(message: Message, tried: int, consent: Consent | None, now: datetime) -> Step:
    refused = barred(message, consent, now)
    if refused is None:
        return _intent(message, tried + 1, now)
    return _final(message, refused.state, status_of(message, refused.status, tried, now, reason=refused.reason), now)


def _accepted(entry: LedgerEntry, message: Message, answer: Accepted, now: datetime) -> Settle:
    """A foretold report waits in the ledger, so that no crash loses it; the message is kept for its timer."""
    status = status_of(
        message, Status.ACCEPTED, entry.attempt, now, detail=answer.detail, provider_ref=answer.provider_ref
    )
    foretold = answer.report
    if foretold is None:
        return _final(message, AttemptState.ACCEPTED, status, now)
    report = replace(status, status=foretold.status, at=now + foretold.after)
    over = _final(message, AttemptState.ACCEPTED, report, now)
    if not foretold.after:
        return over
    return Settle(entry=replace(over.entry, retry_at=report.at, message=message), status=status)


def _report_again(entry: LedgerEntry, message: Message, now: datetime) -> Step:
    if entry.status is not None and entry.retry_at is not None:  # a foretold report
        if now < entry.retry_at:
            return Leave()
        report = replace(entry.status, at=now)
        return Settle(entry=replace(entry, at=now, retry_at=None, message=None, status=report), status=report)
    if entry.status is not None:
        return Report(status=entry.status)
    if entry.state is AttemptState.CANCELLED:  # the withdrawal was here before the message
        return _cancelled(message, entry.attempt, entry.detail, now)
    return Leave()


def _in_doubt(entry: LedgerEntry, message: Message, now: datetime, detail: str, due: datetime | None) -> Settle:
    """List the attempt as doubtful; then the message's own policy says whether there is another.

    The report bears a reason only when there is none: with a reason it is the end of the message.
    """
    listed = replace(entry, detail=detail)
    if due is not None and message.in_doubt is InDoubt.WAIT_THEN_RESEND:
        due = max(due, now + retry.LOOK_UP_WAIT)
    if due is None or message.in_doubt not in (InDoubt.RESEND, InDoubt.WAIT_THEN_RESEND):
        return _left_in_doubt(listed, message, now)
    status = status_of(message, Status.DOUBTFUL, entry.attempt, now, detail=detail)
    waiting = replace(listed, state=AttemptState.UNKNOWN, at=now, message=message, status=status, retry_at=due)
    return Settle(entry=waiting, status=status)


def _left_in_doubt(entry: LedgerEntry, message: Message, now: datetime) -> Settle:
    """The end of a message in doubt, of which there is no further attempt."""
    status = status_of(message, Status.DOUBTFUL, entry.attempt, now, detail=entry.detail, reason=Reason.DOUBTFUL)
    return Settle(entry=replace(_doubtful(entry, message, now), status=status), status=status)


def _doubtful(entry: LedgerEntry, message: Message, now: datetime) -> LedgerEntry:
    """The end of a message in doubt; one on hold is kept whole, for the person who decides about it."""
    kept = message if message.in_doubt is InDoubt.HOLD else None
    return replace(entry, state=AttemptState.DOUBTFUL, at=now, retry_at=None, message=kept)


def _failed(message: Message, attempt: int, now: datetime, answer: Rejected) -> Settle:
    status = Status.BOUNCED if answer.bounced else Status.FAILED
    reason = None if answer.bounced else Reason.PROVIDER_REJECTED.of(answer.code)
    report = status_of(message, status, attempt, now, code=answer.code, detail=answer.detail, reason=reason)
    return _final(message, AttemptState.REJECTED, report, now)


def _cancelled(message: Message, attempt: int, reason: str | None, now: datetime) -> Settle:
    status = status_of(message, Status.CANCELLED, attempt, now, reason=reason)
    return _final(message, AttemptState.CANCELLED, status, now)


def _is_useless(message: Message, now: datetime) -> bool:
    return message.useful_until is not None and now > message.useful_until


def _intent(message: Message, attempt: int, now: datetime) -> Send:
    intent = AttemptState.INTENT
    return Send(
        entry=LedgerEntry(message_id=message.message_id, state=intent, attempt=attempt, at=now, message=message)
    )


def _final(message: Message, state: AttemptState, status: DeliveryStatus, now: datetime) -> Settle:
    """A final entry keeps the status, to report it again, and drops the message, to stay small."""
    entry = LedgerEntry(
        message_id=message.message_id,
        state=state,
        attempt=status.attempt,
        at=now,
        code=status.code,
        detail=status.detail,
        status=status,
    )
    return Settle(entry=entry, status=status)


def _waiting(
    message: Message, attempt: int, now: datetime, due: datetime, *, code: str | None = None, detail: str | None = None
) -> LedgerEntry:
    return LedgerEntry(
        message_id=message.message_id,
        state=AttemptState.RETRY_AT,
        attempt=attempt,
        at=now,
        retry_at=due,
        code=code,
        detail=detail,
        message=message,
    )
