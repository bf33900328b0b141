"""The outcomes that an event is given at once: each says among how many it is, so that none can be lost unnoticed."""

from collections.abc import Iterator, Sequence

from processors.effects import Effect, Forward
from schemas.answered import Answered
from schemas.candidate import Candidate
from schemas.decision import Decision
from schemas.envelope import Event
from schemas.events import STATE_ONLY
from schemas.inbound import Heard
from schemas.origin import origin_of
from schemas.replacing import replace, replace_struct
from schemas.topics import AUDIENCE


def counted(event: Event, effects: Iterator[Effect]) -> Iterator[Effect]:
    """The effects of answering an event; what it forwards comes last, in its order, and bears the number of outcomes.

    An outcome is a decision on the event, a message on which dispatch will take the first decision, or a decision by
    which the event ends what another one began. Of an event that needs none, their number is said beside them where a
    decision has no message, and where nothing that it came to names it: nothing else would miss it.
    """
    forwards: list[Forward] = []
    outcomes: list[str | int | None] = []
    for effect in effects:
        if type(effect) is Forward:  # `isinstance` would ask twice as long
            forwards.append(effect)
            outcomes.append(_outcome(len(forwards), effect.value, event))
        else:
            yield effect
    among = len({*outcomes} - {None})
    for outcome, forward in zip(outcomes, forwards, strict=True):
        yield forward if outcome is None else Forward(forward.topic, forward.key, _said(forward.value, among))
    if event.type in STATE_ONLY and _would_not_be_missed(forwards, event):
        answered = Answered(tenant=event.tenant, event_id=event.id, outcomes=among)
        yield Forward(topic=AUDIENCE.name, key=event.key, value=answered)


def _outcome(number: int, value: object, event: Event) -> str | int | None:
    """What tells an outcome of the event from its others: a message that is made twice is one. None for all else."""
    if isinstance(value, Decision):
        return number if value.event_id == event.id or ended_by(value) == event.id else None
    if isinstance(value, Candidate):
        is_first = value.decided == 0 and value.cause.event_id == event.id
        return value.message_id if is_first else None
    if isinstance(value, Heard) and isinstance(value.message, Candidate):
        return _outcome(number, value.message, event)
    return None


def _would_not_be_missed(forwards: Sequence[Forward], event: Event) -> bool:
    """Whether the event leaves no trace, or a decision that nothing else speaks of."""
    leaves_trace = any(
        origin_of(forward.value).event_id == event.id or _outcome(0, forward.value, event) is not None
        for forward in forwards
    )
    return not leaves_trace or any(_stands_alone(forward.value, event) for forward in forwards)


def _stands_alone(value: object, event: Event) -> bool:
    return isinstance(value, Decision) and value.event_id == event.id and value.message_id is None


def ended_by(decision: Decision) -> str | None:
    """The event that put an end to a message which was planned or held before."""
    event_id = decision.facts.get("by_event")
    return event_id if isinstance(event_id, str) and (decision.number or 0) > 1 else None


def _said(value: object, among: int) -> object:
    if isinstance(value, (Decision, Candidate)):
        return replace_struct(value, among=among)
    if isinstance(value, Heard) and isinstance(value.message, Candidate):
        return replace(value, message=replace_struct(value.message, among=among))
    return value
