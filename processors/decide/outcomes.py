"""The outcomes that an event is given at once: each says among how many it is, so that none can be lost unnoticed."""

from collections.abc import Iterator
from dataclasses import replace

from processors.effects import Effect, Forward
from schemas.answered import Answered
from schemas.candidate import Candidate
from schemas.decision import Decision
from schemas.envelope import Event
from schemas.events import STATE_ONLY
from schemas.inbound import Heard
from schemas.topics import AUDIENCE


def counted(event: Event, effects: Iterator[Effect]) -> Iterator[Effect]:
    """The effects of answering an event; what it forwards comes last, in its order, and bears the number of outcomes.

    An outcome is a decision on the event, a message on which dispatch will take the first decision, or a decision by
    which the event ends what another one began. Of an event that needs none, their number is said once more beside
    them where a decision has no message: nothing else would miss it.
    """
    forwards: list[Forward] = []
    for effect in effects:
        if isinstance(effect, Forward):
            forwards.append(effect)
        else:
            yield effect
    outcomes = [_outcome(number, forward.value, event) for number, forward in enumerate(forwards)]
    among = len({outcome for outcome in outcomes if outcome is not None})
    for outcome, forward in zip(outcomes, forwards, strict=True):
        yield forward if outcome is None else forward._replace(value=_said(forward.value, among))
    if event.type in STATE_ONLY and any(_stands_alone(forward.value, event) for forward in forwards):
        answered = Answered(tenant=event.tenant, event_id=event.id, outcomes=among)
        yield Forward(topic=AUDIENCE.name, key=event.key, value=answered)


def _outcome(number: int, value: object, event: Event) -> str | int | None:
    """What tells an outcome of the event from its others: a message that is made twice is one. None for all else."""
    match value:
        case Decision() as decision if event.id in (decision.event_id, ended_by(decision)):
            return number
        case Candidate(decided=0) as candidate if candidate.cause.event_id == event.id:
            return candidate.message_id
        case Heard(message=Candidate() as candidate):
            return _outcome(number, candidate, event)
    return None


def _stands_alone(value: object, event: Event) -> bool:
    return isinstance(value, Decision) and value.event_id == event.id and value.message_id is None


def ended_by(decision: Decision) -> str | None:
    """The event that put an end to a message which was planned or held before."""
    event_id = decision.facts.get("by_event")
    return event_id if isinstance(event_id, str) and (decision.number or 0) > 1 else None


def _said(value: object, among: int) -> object:
    match value:
        case Decision() | Candidate():
            return replace(value, among=among)
        case Heard(message=Candidate() as candidate) as heard:
            return replace(heard, message=replace(candidate, among=among))
    return value
