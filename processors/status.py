"""Stop 8 of 9 — status. Before: gateway. After: billing. All reports on a message become the one status it has.

Reports repeat and come out of order; within one attempt the state only moves up its lattice, and a later attempt starts
anew (contract section 9, Delivery status). A report that changes nothing has no effect at all.
"""

from collections.abc import Generator, Iterator

from processors.billing import usage_of
from processors.decisions import say
from processors.effects import Effect, Forward, Put, Record, Tables
from processors.reporting import FOLDED, whereabouts
from schemas.allowance import PlaceGivenBack
from schemas.billing import Charge, CreditChange, Usage
from schemas.consent import ConsentChange, Means
from schemas.decision import Decision
from schemas.delivery import DeliveryStatus
from schemas.reasons import Reason
from schemas.replacing import replace
from schemas.state import Folded
from schemas.topics import AUDIENCE, CHARGES, CONSENT_CHANGES, USAGE
from schemas.words import Outcome, Status

SUPPRESSES = {Status.BOUNCED: "bounce", Status.COMPLAINED: "complaint"}
"""Reports after which an address is not used again (contract section 8)."""

NEVER_LEFT = frozenset({Status.FAILED, Status.EXPIRED, Status.SUPPRESSED, Status.CANCELLED})
"""Reports after which a message uses nothing up of its recipient's allowance. What bounced has left; what is doubtful
may have reached somebody, and caps are there to spare people."""

_ENDS = NEVER_LEFT | {Status.DOUBTFUL}
"""Reports that may end a message without anybody getting it."""


def on_status(record: Record, tables: Tables) -> Iterator[Effect]:
    """Fold one report; what it changes is decided, billed and remembered."""
    report = record.value
    if not isinstance(report, DeliveryStatus):
        raise TypeError(f"topic {record.topic} carries a {type(report).__name__}, not a DeliveryStatus")
    folded = tables.get(FOLDED, report.message_id)
    before = folded.status if folded else None
    if before is not None:
        if not rises(before, report):
            return
        if report.charge is None and before.charge is not None:
            report = replace(report, charge=before.charge)
    yield from whereabouts(report, before)
    billed, attempt = (folded.billed, folded.billed_attempt) if folded else (False, 0)
    if report.charge is not None:
        billed, attempt = yield from _bill(report, report.charge, billed, attempt)
    yield Put(FOLDED, report.message_id, Folded(status=report, billed=billed, billed_attempt=attempt))
    decision = decision_on(report, record, before)
    if decision is not None:
        yield say(decision)
    if report.allowance is not None and report.status in NEVER_LEFT:
        given = PlaceGivenBack(tenant=report.tenant, message_id=report.message_id)
        yield Forward(topic=AUDIENCE.name, key=report.recipient_key, value=given)
    if report.status in SUPPRESSES:
        change = ConsentChange(
            tenant=report.tenant,
            address=report.number or report.to,
            event_id=report.event_id,
            suppressed=SUPPRESSES[report.status],
            means=Means.REPORT,
        )
        yield Forward(topic=CONSENT_CHANGES.name, key=change.key, value=change)


def _bill(
    report: DeliveryStatus, charge: Charge, billed: bool, attempt: int
) -> Generator[Effect, None, tuple[bool, int]]:
    """What a report means for the bill: a message is billed once, however many attempts it took.

    What was billed as sent and then failed in the same attempt is taken back. What ends without a bill costs nothing of
    what the purse had set aside for it. Returns whether it is billed now, and the attempt that is.
    """
    if not billed and _is_charged(report.status):
        billed, attempt = True, report.attempt
        yield _usage(usage_of(report, charge))
    elif billed and attempt == report.attempt and not report.status.is_billable:
        billed = False
        entry = usage_of(report, charge)
        yield _usage(replace(entry, units=-entry.units, amount=-entry.amount))
    if charge.needs_leave and not billed and _end_of(report)[0] is not None:
        unused = CreditChange(tenant=report.tenant, event_id=report.event_id, credits=0, message_id=report.message_id)
        yield Forward(topic=CHARGES.name, key=f"{report.tenant}|", value=unused)
    return billed, attempt


def _usage(entry: Usage) -> Forward:
    return Forward(USAGE.name, f"{entry.tenant}|", entry)


def rises(before: DeliveryStatus, report: DeliveryStatus) -> bool:
    """Whether a report says more than what is known: a later attempt, a higher state of the same one, or its end."""
    return _height(report) > _height(before)


def _height(report: DeliveryStatus) -> tuple[int, int, bool]:
    """A doubt without a reason may be followed by another attempt; with one it is the end (`gateways.attempts`)."""
    return report.attempt, report.status.rank, report.status is Status.DOUBTFUL and report.reason is not None


def decision_on(report: DeliveryStatus, record: Record, before: DeliveryStatus | None = None) -> Decision | None:
    """The decision that a report calls for: a message that was commanded and will not reach anybody.

    Or one that had ended in doubt, and left all the same because a person had it sent again.
    """
    outcome, reason = _end_of(report)
    if outcome is None and before is not None and _end_of(before)[0] is not None and report.attempt > before.attempt:
        outcome = Outcome.SENT
    if outcome is None:
        return None
    return Decision(
        tenant=report.tenant,
        event_id=report.event_id,
        kind=report.kind,
        contact=report.contact,
        staff=report.staff,
        to=report.to,
        channel=report.channel,
        outcome=outcome,
        reason=reason,
        facts={
            "status": report.status,
            "attempt": report.attempt,
            "detail": report.detail,
        },
        message_id=report.message_id,
        at=record.now,
        settings_version=report.settings_version,
    )


def _end_of(report: DeliveryStatus) -> tuple[Outcome | None, str | None]:
    if report.status not in _ENDS:
        return None, None
    match report.status:
        case Status.FAILED:
            return Outcome.DROPPED, report.reason or Reason.PROVIDER_REJECTED.of(report.code or "unknown")
        case Status.EXPIRED | Status.SUPPRESSED:  # without a reason of ours it was the provider who did not send it
            return Outcome.DROPPED, report.reason or Reason.PROVIDER_REJECTED.of(report.code or report.status)
        case Status.CANCELLED:
            return Outcome.CANCELLED, report.reason or Reason.CANCELLED_BY_EVENT
        case Status.DOUBTFUL if report.reason == Reason.DOUBTFUL:
            return Outcome.DROPPED, Reason.DOUBTFUL
        case _:
            return None, None


def _is_charged(status: Status) -> bool:
    return status.is_billable and status is not Status.ACCEPTED
