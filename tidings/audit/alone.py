"""What a record says wrong of itself: another time than its own, or another origin than that of what it holds."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from schemas import wire
from schemas.billing import Invoice
from schemas.clock import rfc3339
from schemas.dead_letter import DeadLetter
from schemas.decision import Decision
from schemas.faults import Unreadable
from schemas.message import Message
from schemas.origin import origin_of
from schemas.reasons import Reason
from schemas.state import LastSent, TenantSettings
from schemas.topics import BY_NAME
from schemas.words import Outcome
from tidings.audit.placed import Placed

COMMANDS = "delivery.commands."
FACTS_OF_SENT = frozenset({"rewritten", "credits_left"})


def faults_of(record: Placed) -> Iterator[str]:
    """Whatever can be seen to be wrong without another record."""
    at = _time_in(record)
    if at is not None and at != record.at:
        yield f"says that it is of {rfc3339(at)}, and stands there with {rfc3339(record.at)}"
    if isinstance(record.value, DeadLetter):
        yield from _of_letter(record.value)
    elif isinstance(record.value, Decision):
        yield from _of_decision(record.value)


def _time_in(record: Placed) -> datetime | None:
    """The time of the record that caused it, which is its own; None where it says none, or another one."""
    match record.value:
        case Decision() | Invoice() | LastSent():
            return record.value.at
        case TenantSettings():
            return record.value.changed_at
        case Message() if record.topic.startswith(COMMANDS):
            return record.value.commanded_at
        case _:
            return None


def _of_decision(decision: Decision) -> Iterator[str]:
    """Only what leaves or waits for its hour has no reason; the others have one of the list."""
    needs_one = decision.outcome not in (Outcome.SENT, Outcome.SCHEDULED)
    word = (decision.reason or "").partition(":")[0]
    if (word in set(Reason)) != needs_one and (needs_one or word):
        yield f"is {decision.outcome} with reason {decision.reason!r}"
    is_ordered = decision.outcome is Outcome.SENT and decision.number is not None
    if is_ordered and not set(decision.facts) <= FACTS_OF_SENT:
        yield f"is sent with facts {', '.join(sorted(decision.facts))}"


def _of_letter(letter: DeadLetter) -> Iterator[str]:
    """What was set aside is kept as it came, and says whose it is; a timer does not."""
    if letter.timer is not None or letter.topic not in BY_NAME:
        return
    with suppress(Unreadable):
        lost = wire.decode(BY_NAME[letter.topic], letter.key, letter.value, tuple(letter.headers.items()))
        origin = origin_of(lost)
        said = (letter.tenant, letter.type, letter.event_id)
        if said != (origin.tenant, origin.type, origin.event_id):
            yield f"holds a record of tenant {origin.tenant}, event {origin.event_id}, and says another"
