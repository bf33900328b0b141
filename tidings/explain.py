"""What became of an event, told in sentences: decisions and delivery statuses for people who ask why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from schemas.clock import rfc3339
from schemas.decision import Decision
from schemas.delivery import DeliveryStatus
from schemas.words import Outcome, Status
from tidings.plain_reasons import because

R = TypeVar("R", Decision, DeliveryStatus)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One sentence about one record, when it was, and what can be done about it, where something can."""

    at: str
    sentence: str
    advice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All that is known about one message-to-be: its decisions in order, then what the gateway said."""

    event_id: str
    decisions: tuple[Decision, ...]
    statuses: tuple[DeliveryStatus, ...]

    @property
    def headline(self) -> str:
        """Who was to get what by which way."""
        return _what(self.decisions[-1]) if self.decisions else _reported(self.statuses[-1])

    @property
    def told(self) -> tuple[Told, ...]:
        """What happened, in order."""
        return tuple(decided(each) for each in self.decisions) + tuple(reported(each) for each in self.statuses)


def decided(decision: Decision) -> Told:
    """One decision as a sentence."""
    when = "" if decision.due is None else f" It is due at {_seconds(decision.due)}."
    at, start = _seconds(decision.at), _OUTCOMES[decision.outcome]
    if decision.reason is None:
        return Told(at=at, sentence=f"{start}.{when if decision.outcome is not Outcome.SENT else ''}")
    cause = because(decision.reason)
    when = when if decision.outcome is Outcome.SCHEDULED else ""
    return Told(at=at, sentence=f"{start}, because {cause.why} ({decision.reason}).{when}", advice=cause.advice)


def reported(status: DeliveryStatus) -> Told:
    """One report of a gateway as a sentence."""
    at, words = _seconds(status.at), _STATUSES[status.status]
    attempt = "" if status.attempt <= 1 else f" at attempt {status.attempt}"
    detail = ": ".join(part for part in (status.code, status.detail) if part)
    sentence = f"{words}{attempt}{f' ({detail})' if detail else ''}."
    if status.reason is None:
        return Told(at=at, sentence=sentence)
    cause = because(status.reason)
    return Told(at=at, sentence=f"{sentence[:-1]}, because {cause.why} ({status.reason}).", advice=cause.advice)


def stories(decisions: Iterable[Decision], statuses: Iterable[DeliveryStatus]) -> tuple[Story, ...]:
    """Decisions and statuses of many messages, put together by what they are about, oldest first.

    One report or decision that came twice is told once.
    """
    taken: dict[tuple[object, ...], list[Decision]] = {}
    for decision in sorted(_distinct(decisions), key=lambda each: each.at):
        about = (decision.tenant, decision.event_id, decision.kind, decision.contact, decision.staff, decision.channel)
        taken.setdefault(about, []).append(decision)
    said: dict[str, list[DeliveryStatus]] = {}
    for status in sorted(_distinct(statuses), key=lambda each: (each.at, each.status.rank)):
        said.setdefault(status.message_id, []).append(status)
    found = [_story(tuple(group), said) for group in taken.values()]
    found += [Story(event_id=left[0].event_id, decisions=(), statuses=tuple(left)) for left in said.values()]
    order = {event_id: number for number, event_id in enumerate(dict.fromkeys(each.event_id for each in found))}
    return tuple(sorted(found, key=lambda each: order[each.event_id]))


def _story(group: tuple[Decision, ...], said: dict[str, list[DeliveryStatus]]) -> Story:
    """Takes the statuses of the group's messages out of `said`."""
    messages = dict.fromkeys(each.message_id for each in group if each.message_id)
    statuses = tuple(status for message_id in messages for status in said.pop(message_id, ()))
    return Story(event_id=group[0].event_id, decisions=group, statuses=statuses)


def _distinct(records: Iterable[R]) -> Iterator[R]:
    """Records compare by value; their maps keep them from being put into a set."""
    known: dict[str, None] = {}
    for record in records:
        text = repr(record)
        if text not in known:
            known[text] = None
            yield record


def _what(decision: Decision) -> str:
    if decision.kind is None:
        return f"Event {decision.event_id}"
    channel = f" by {decision.channel.replace('_', ' ')}" if decision.channel else ""
    return f"{kind_in_words(decision.kind)}{channel}{_recipient(decision.contact, decision.staff, decision.to)}"


def _reported(status: DeliveryStatus) -> str:
    whom = _recipient(status.contact, status.staff, status.to)
    return f"{kind_in_words(status.kind)} by {status.channel.replace('_', ' ')}{whom}"


def kind_in_words(kind: str) -> str:
    """`order_confirmation` → `Order confirmation`; `rule:r1` → `Rule r1`."""
    family, _, name = kind.partition(":")
    return f"{family.replace('_', ' ').capitalize()} {name}".rstrip()


def _seconds(instant: datetime) -> str:
    return rfc3339(instant.replace(microsecond=0))


def _recipient(contact: str | None, staff: str | None, to: str | None) -> str:
    person = f" for staff member {staff}" if staff else f" for contact {contact}" if contact else ""
    return person + (f" to {to}" if to else "")


_OUTCOMES = {
    Outcome.SENT: "It was handed over for delivery",
    Outcome.SCHEDULED: "It was planned",
    Outcome.HELD: "It waits",
    Outcome.COALESCED: "It left together with another message",
    Outcome.DROPPED: "It was not sent",
    Outcome.CANCELLED: "It was called off",
}
_STATUSES = {
    Status.ACCEPTED: "The provider accepted it",
    Status.SENT: "The provider sent it",
    Status.DELIVERED: "It was delivered",
    Status.ANSWERED_HUMAN: "A person answered the call",
    Status.VOICEMAIL_LEFT: "A voicemail was left",
    Status.BUSY: "The line was busy",
    Status.NO_ANSWER: "Nobody answered the call",
    Status.FAILED: "Sending failed",
    Status.UNDELIVERED: "It could not be delivered",
    Status.BOUNCED: "It bounced: the address does not take mail",
    Status.COMPLAINED: "The recipient reported it as unwanted",
    Status.EXPIRED: "It was not sent, because its time had passed",
    Status.SUPPRESSED: "It was stopped just before sending",
    Status.CANCELLED: "It was called off just before sending",
    Status.DOUBTFUL: "Nobody can say whether it arrived",
}
