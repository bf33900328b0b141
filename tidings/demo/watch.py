"""What has become of each event of the demo so far, folded from decisions, statuses and dead letters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schemas.dead_letter import DeadLetter
from schemas.decision import Decision
from schemas.delivery import DeliveryStatus
from schemas.words import Outcome
from tidings.demo.happening import MAILED, Awaited, Happening
from tidings.explain import kind_in_words

_About = tuple[str | None, str, str | None]
"""Kind, recipient and channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How one message, or one event without any, stands; `mark` is one of `…`, `✓`, `–`, `✗`."""

    mark: str
    text: str


class Watch:
    """Takes records as they come; the same ones twice change nothing."""

    def __init__(self, happenings: Sequence[Happening]) -> None:
        self.happenings = tuple(happenings)
        self._mine = {(each.tenant, each.event_id) for each in happenings}
        self._broken = {each.event_id for each in happenings if each.is_broken}
        self._lines: dict[str, dict[_About, Line]] = {}
        self._words: dict[str, set[tuple[str | None, str, str]]] = {}
        self._is_set_aside: set[str] = set()
        self._messages: dict[tuple[str, _About], set[str]] = {}

    def take(self, record: object) -> str | None:
        """The id of the event whose standing the record changed, or None."""
        if isinstance(record, Decision) and (record.tenant, record.event_id) in self._mine:
            return self._decided(record)
        if isinstance(record, DeliveryStatus) and (record.tenant, record.event_id) in self._mine:
            return self._reported(record)
        if isinstance(record, DeadLetter) and record.event_id in self._broken:
            return self._set_aside(record, record.event_id)
        return None

    def lines(self, happening: Happening) -> tuple[Line, ...]:
        """How everything stands that came of an event."""
        return tuple(self._lines.get(happening.event_id, {}).values())

    def missing(self) -> Iterator[str]:
        """What has yet to happen, one sentence each; nothing when the day is done."""
        for happening in self.happenings:
            if happening.is_broken and happening.event_id not in self._is_set_aside:
                yield f"{happening.told}: is not among the dead letters"
            seen = self._words.get(happening.event_id, set())
            for awaited in happening.awaits:
                if (awaited.kind, awaited.who, awaited.word) not in seen:
                    yield f"{happening.told}: {_awaited(awaited)}"

    def doubled(self) -> Iterator[str]:
        """What was sent more than once, one sentence each; the day's redelivery must not show here."""
        for (event_id, (kind, who, _)), messages in self._messages.items():
            if len(messages) > 1:
                yield f"{event_id}: {kind_in_words(kind or 'message')} for {who} left {len(messages)} times"

    def _decided(self, decision: Decision) -> str | None:
        who = decision.staff or (decision.contact if decision.kind else "") or ""
        if decision.reason is not None:
            self._word(decision.event_id, decision.kind, who, decision.reason)
        return self._set(decision.event_id, (decision.kind, who, decision.channel), _line(decision))

    def _reported(self, status: DeliveryStatus) -> str | None:
        who = status.staff or status.contact or ""
        about = (status.kind, who, status.channel)
        self._messages.setdefault((status.event_id, about), set()).add(status.message_id)
        self._word(status.event_id, status.kind, who, status.status.value)
        mark = "✓" if status.status == MAILED else "✗"
        text = f"{kind_in_words(status.kind)} for {who}: {status.status.value}"
        return self._set(status.event_id, about, Line(mark=mark, text=text))

    def _set_aside(self, letter: DeadLetter, event_id: str) -> str | None:
        self._is_set_aside.add(event_id)
        faults = "; ".join(map(str, letter.faults))
        return self._set(event_id, (None, "", None), Line(mark="✗", text=f"Dead letter {letter.id}: {faults}"))

    def _set(self, event_id: str, about: _About, line: Line) -> str | None:
        lines = self._lines.setdefault(event_id, {})
        known = lines.get(about)
        # Topics are read side by side: a decision may be read after the status that followed it.
        if known == line or (known is not None and known.mark == "✓"):
            return None
        lines[about] = line
        return event_id

    def _word(self, event_id: str, kind: str | None, who: str, word: str) -> None:
        self._words.setdefault(event_id, set()).add((kind, who, word))


def _line(decision: Decision) -> Line:
    what = kind_in_words(decision.kind) if decision.kind else "Nothing to send"
    who = decision.staff or decision.contact
    to = f" for {who}" if decision.kind and who else ""
    to += f" by {decision.channel}" if decision.outcome is not Outcome.SENT and decision.channel else ""
    if decision.outcome is Outcome.SCHEDULED and decision.due is not None:
        return Line(mark="…", text=f"{what}{to}: due at {decision.due.astimezone():%H:%M:%S}")
    if decision.outcome is Outcome.SENT:
        return Line(mark="…", text=f"{what}{to}: on its way")
    return Line(mark="–", text=f"{what}{to}: {decision.reason or decision.outcome.value}")


def _awaited(awaited: Awaited) -> str:
    what = kind_in_words(awaited.kind) if awaited.kind else "a decision"
    return f"{what} for {awaited.who or 'nobody'} is not yet {awaited.word}"
