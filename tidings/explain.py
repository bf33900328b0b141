"""What became of events and messages, as stories for people who ask why: all records about one message, in order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from schemas.billing import Usage
from schemas.decision import Decision
from schemas.delivery import DeliveryStatus, LedgerEntry
from schemas.message import Message
from schemas.verdict import Verdict
from schemas.words import Outcome
from tidings.inquiry import Answer
from tidings.told import Told, charged, decided, judged, ordered, reported, tried

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All that is known about one message-to-be: its decisions in order, and what followed from them."""

    event_id: str
    decisions: tuple[Decision, ...]
    statuses: tuple[DeliveryStatus, ...]
    commands: tuple[Message, ...] = ()
    attempts: tuple[LedgerEntry, ...] = ()
    usage: tuple[Usage, ...] = ()
    verdicts: tuple[Verdict, ...] = ()

    @property
    def headline(self) -> str:
        """Who was to get what by which way."""
        return _what(self.decisions[-1]) if self.decisions else _reported(self.statuses[-1])

    @property
    def told(self) -> tuple[Told, ...]:
        """What happened, in order; of one instant, in the order in which one thing follows from another."""
        waited = False
        lines: list[Told] = []
        for decision in self.decisions:
            lines.append(decided(decision, after_a_hold=waited))
            waited = decision.outcome is Outcome.HELD
        lines += [ordered(each) for each in self.commands]
        lines += [judged(each) for each in self.verdicts]
        lines += [reported(each) for each in self.statuses]
        lines += [line for each in self.attempts if (line := tried(each)) is not None]
        lines += [charged(each) for each in self.usage]
        return tuple(sorted(lines, key=lambda line: line.at))


def stories(found: Answer) -> tuple[Story, ...]:
    """Records about many messages, put together by what they are about, oldest first; what came twice is told once."""
    taken: dict[tuple[object, ...], list[Decision]] = {}
    for decision in sorted(_distinct(found.decisions), key=lambda each: each.at):
        about = (decision.tenant, decision.event_id, decision.kind, decision.contact, decision.staff, decision.channel)
        taken.setdefault(about, []).append(decision)
    said: dict[str, list[DeliveryStatus]] = {}
    for status in sorted(_distinct(found.statuses), key=lambda each: (each.at, each.status.rank)):
        said.setdefault(status.message_id, []).append(status)
    told = [_story(tuple(group), said, found) for group in taken.values()]
    told += [_alone(tuple(left), found) for left in said.values()]
    order = {event_id: number for number, event_id in enumerate(dict.fromkeys(each.event_id for each in told))}
    return tuple(sorted(told, key=lambda each: order[each.event_id]))


def _story(group: tuple[Decision, ...], said: dict[str, list[DeliveryStatus]], found: Answer) -> Story:
    """Takes the statuses of the group's messages out of `said`."""
    messages = tuple(dict.fromkeys(each.message_id for each in group if each.message_id))
    statuses = tuple(status for message_id in messages for status in said.pop(message_id, ()))
    return _with_life(Story(event_id=group[0].event_id, decisions=group, statuses=statuses), messages, found)


def _alone(statuses: tuple[DeliveryStatus, ...], found: Answer) -> Story:
    """A message whose decisions are gone, or were not asked for."""
    story = Story(event_id=statuses[0].event_id, decisions=(), statuses=statuses)
    return _with_life(story, (statuses[0].message_id,), found)


def _with_life(story: Story, messages: tuple[str, ...], found: Answer) -> Story:
    return Story(
        event_id=story.event_id,
        decisions=story.decisions,
        statuses=story.statuses,
        commands=tuple(each for each in _distinct(found.commands) if each.message_id in messages),
        attempts=tuple(each for each in found.attempts if each.message_id in messages),
        usage=tuple(each for each in _distinct(found.usage) if each.message_id in messages),
        verdicts=tuple(each for each in _distinct(found.verdicts) if each.message_id in messages),
    )


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


def _recipient(contact: str | None, staff: str | None, to: str | None) -> str:
    person = f" for staff member {staff}" if staff else f" for contact {contact}" if contact else ""
    return person + (f" to {to}" if to else "")
