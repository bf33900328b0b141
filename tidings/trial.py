"""A trial: the same events once under the settings in force and once under a candidate, and how the messages differ.

Both run in memory on the stages of production, up to the order to a gateway; nothing is sent or written. Prices are
those agreed with each message; credits and spending limits are not looked at, for they hang on what came before.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from processors.effects import Record
from schemas.message import Message
from schemas.state import TenantSettings
from schemas.topics import COMMANDS
from tidings.memory import MemoryRunner
from tidings.open_purse import UP_TO_COMMANDS
from tidings.preview import AS_THEY_ARE, Happened, Setting, ready, run_until

PARTS = ("to", "from_", "reply_to", "subject", "text", "html", "attachments", "category", "lane")
"""What makes a message another one for whoever gets it."""
_NOTHING = Decimal("0.00")


class Change(StrEnum):
    """How a message differs under the candidate."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A message in few words; `digests` tell by part whether two are the same, in place of the parts themselves."""

    message_id: str
    at: datetime
    kind: str
    channel: str
    to: str
    price: Decimal
    says: str
    digests: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One message that is not the same; `parts` are those that changed."""

    change: Change
    before: Line | None
    after: Line | None
    parts: tuple[str, ...] = ()

    @property
    def price(self) -> Decimal:
        """What the tenant would pay more, or with a minus less."""
        return (self.after.price if self.after else _NOTHING) - (self.before.price if self.before else _NOTHING)

    @property
    def shown(self) -> Line:
        """The message as it would be, or as it was."""
        line = self.after or self.before
        assert line is not None
        return line


@dataclass(slots=True, kw_only=True)
class Trial:
    """What a trial comes to; `alike` counts the messages that are the same."""

    differences: list[Difference] = field(default_factory=list)
    alike: int = 0
    price_before: Decimal = _NOTHING
    price_after: Decimal = _NOTHING


def try_out(setting: Setting, candidate: TenantSettings, events: Iterable[Happened], until: datetime) -> Trial:
    """The difference in all that leaves before `until`, in order of time.

    Events come in order. What is the same on both sides is forgotten at once, so that memory grows with the
    difference, the people and what waits, not with all that was sent.
    """
    before, after = _Side(setting), _Side(replace(setting, settings=candidate))
    passed_over = AS_THEY_ARE - heard_by_rules(setting.settings.document, candidate.document)
    pairs = _Pairs()
    for happened in events:
        if happened.event.type not in passed_over:
            pairs.take(before.hear(happened), after.hear(happened))
    pairs.take(before.end(until), after.end(until))
    return pairs.trial()


def heard_by_rules(*documents: Mapping[str, Any]) -> frozenset[str]:
    """The events that rules of these settings answer; a document that is a draft may have faults.

    A change of settings is none of them: heard again, it would put other settings in force.
    """
    lists = [document.get("rules") for document in documents]
    rules = [rule for each in lists if isinstance(each, list) for rule in each if isinstance(rule, Mapping)]
    named = [each for rule in rules if isinstance(rule.get("on"), list) for each in rule["on"]]
    return frozenset(each for each in named if isinstance(each, str)) - {"settings.changed"}


class _Side:
    """One of the two runs; it begins with the first event."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._runner: MemoryRunner | None = None
        self._now = datetime.min.replace(tzinfo=UTC)
        self._ordered: list[list[Record]] = []

    def hear(self, happened: Happened) -> Iterator[Line]:
        """What leaves up to an event and because of it."""
        if self._runner is None:
            self._now = happened.at
            self._runner = ready(UP_TO_COMMANDS, self._setting, happened.at)
            self._ordered = [self._runner.watch(topic.name) for topic in COMMANDS]
        run_until(self._runner, self._now, happened.at)
        self._now = happened.at
        self._runner.publish(happened.event, happened.at)
        yield from self._lines()

    def end(self, until: datetime) -> Iterator[Line]:
        """What leaves later, because its hour comes."""
        if self._runner is not None:
            run_until(self._runner, self._now, until)
            yield from self._lines()

    def _lines(self) -> Iterator[Line]:
        for records in self._ordered:
            yield from (_line(record.value) for record in records if isinstance(record.value, Message))
            records.clear()


class _Pairs:
    """Messages of both sides by their id; those that have met are compared and forgotten."""

    def __init__(self) -> None:
        self._before: dict[str, Line] = {}
        self._after: dict[str, Line] = {}
        self._trial = Trial()

    def take(self, before: Iterable[Line], after: Iterable[Line]) -> None:
        """Messages that left on the two sides."""
        for line in before:
            self._trial.price_before += line.price
            self._meet(line, self._after, self._before)
        for line in after:
            self._trial.price_after += line.price
            self._meet(line, self._before, self._after)

    def _meet(self, line: Line, others: dict[str, Line], own: dict[str, Line]) -> None:
        other = others.pop(line.message_id, None)
        if other is None:
            own.setdefault(line.message_id, line)
        elif own is self._before:
            self._compare(line, other)
        else:
            self._compare(other, line)

    def trial(self) -> Trial:
        """All that has been found, in order of time."""
        found = self._trial.differences
        found += [Difference(change=Change.REMOVED, before=line, after=None) for line in self._before.values()]
        found += [Difference(change=Change.ADDED, before=None, after=line) for line in self._after.values()]
        found.sort(key=lambda each: (each.shown.at, each.shown.kind, each.shown.message_id))
        return self._trial

    def _compare(self, before: Line, after: Line) -> None:
        parts = tuple(part for part in PARTS if before.digests[part] != after.digests[part])
        if parts or before.price != after.price:
            change = Change.CHANGED
        elif before.at != after.at:
            change = Change.MOVED
        else:
            self._trial.alike += 1
            return
        self._trial.differences.append(Difference(change=change, before=before, after=after, parts=parts))


def _line(message: Message) -> Line:
    says = message.subject or message.text
    return Line(
        message_id=message.message_id,
        at=message.commanded_at,
        kind=message.kind,
        channel=message.channel,
        to=message.to,
        price=message.charge.amount if message.charge else _NOTHING,
        says=" ".join(says.split())[:80],
        digests={part: hashlib.sha256(repr(getattr(message, part)).encode()).digest()[:8] for part in PARTS},
    )
