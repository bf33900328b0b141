"""Decisions as effects: how a stage says what became of an event."""

from collections.abc import Mapping
from datetime import datetime

from processors.effects import Forward, Record
from processors.settings import InForce
from schemas.candidate import Candidate
from schemas.decision import Decision
from schemas.envelope import Event
from schemas.message import Message
from schemas.replacing import replace_struct
from schemas.state import Plan
from schemas.topics import DECISIONS
from schemas.words import Channel, Outcome


def say(decision: Decision) -> Forward:
    """Append a decision; all decisions on one event are on one partition."""
    return Forward(DECISIONS.name, f"{decision.tenant}|{decision.event_id}", decision)


def decided(
    event: Event,
    record: Record,
    known: InForce,
    *,
    outcome: Outcome,
    reason: str | None = None,
    kind: str | None = None,
    channel: Channel | None = None,
    contact: str | None = None,
    facts: Mapping[str, object] | None = None,
    due: datetime | None = None,
) -> Forward:
    """A decision on an event before there is a message."""
    return say(
        Decision(
            tenant=event.tenant,
            event_id=event.id,
            kind=kind,
            contact=contact or event.subject or None,
            channel=channel,
            outcome=outcome,
            reason=reason,
            facts=facts or {},
            due=due,
            at=record.now,
            settings_version=known.version,
        )
    )


def decided_on_plan(
    plan: Plan,
    record: Record,
    known: InForce | None,
    *,
    outcome: Outcome,
    reason: str | None = None,
    facts: Mapping[str, object] | None = None,
    number: int | None = None,
) -> Forward:
    """A decision on a message that waits for its hour; `number` unless it is the next one after those it counts."""
    return say(
        Decision(
            tenant=plan.tenant,
            event_id=plan.cause.event_id,
            kind=plan.kind,
            contact=plan.subject if plan.to in (None, "contact") else None,
            channel=plan.channel,
            outcome=outcome,
            reason=reason,
            facts=facts or {},
            message_id=plan.message_id,
            due=plan.due,
            at=record.now,
            settings_version=known.version if known else None,
            number=plan.decided + 1 if number is None else number,
        )
    )


def decided_on_candidate(
    candidate: Candidate,
    record: Record,
    known: InForce | None,
    *,
    outcome: Outcome,
    reason: str | None = None,
    facts: Mapping[str, object] | None = None,
    due: datetime | None = None,
) -> Forward:
    """A decision on a message that is due."""
    made = decision_on_candidate(candidate, record, known, outcome=outcome, reason=reason, facts=facts)
    return say(replace_struct(made, due=due) if due else made)


def decision_on_candidate(
    candidate: Candidate,
    record: Record,
    known: InForce | None,
    *,
    outcome: Outcome,
    reason: str | None = None,
    facts: Mapping[str, object] | None = None,
) -> Decision:
    """A decision on a message that is due, not yet said."""
    return Decision(
        tenant=candidate.tenant,
        event_id=candidate.cause.event_id,
        kind=candidate.kind,
        contact=candidate.recipient.contact,
        staff=candidate.recipient.staff,
        to=candidate.recipient.to,
        channel=candidate.channel,
        outcome=outcome,
        reason=reason,
        facts=facts or {},
        message_id=candidate.message_id,
        due=candidate.due,
        at=record.now,
        settings_version=known.version if known else None,
        among=None if candidate.decided else candidate.among,
        number=candidate.decided + 1,
    )


def facts_of(message: Message) -> dict[str, object]:
    """What is worth knowing of a message that leaves: the characters that `smart_encoding` replaced."""
    return {"rewritten": list(message.rewritten)} if message.rewritten else {}


def decided_on_message(
    message: Message,
    record: Record,
    *,
    outcome: Outcome,
    reason: str | None = None,
    facts: Mapping[str, object] | None = None,
) -> Forward:
    """A decision on a message that is rendered."""
    return say(
        Decision(
            tenant=message.tenant,
            event_id=message.event_id,
            kind=message.kind,
            contact=message.contact,
            staff=message.staff,
            to=message.to,
            channel=message.channel,
            outcome=outcome,
            reason=reason,
            facts=facts or {},
            message_id=message.message_id,
            at=record.now,
            settings_version=message.settings_version,
            among=None if message.decided else message.among,
            number=message.decided + 1,
        )
    )
