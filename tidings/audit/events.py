"""Law 1, its first sum: every event ends in at least one decision, or among the dead letters."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.events import STATE_ONLY
from schemas.topics import DEAD_LETTERS, DECISIONS, EVENTS
from tidings.audit.findings import Findings
from tidings.audit.notes import Note, What
from tidings.audit.scope import Scope
from tidings.audit.traces import Traces

LAW, REDELIVERY = 1, 2


@dataclass(slots=True)
class _Outcomes:
    """The outcomes of one event: how many say among how many they are, and for whom it was and is decided."""

    digests: set[bytes] = field(default_factory=set)
    among: Counter[int] = field(default_factory=Counter)
    decided: set[str] = field(default_factory=set)
    called: dict[str, Note] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)

    def take(self, note: Note) -> None:
        """What stands twice, to the letter, counts once."""
        if note.what is What.PORTION and note.text:
            self.called.setdefault(note.text, note)
        elif note.what is What.ANSWERED:
            self.answered.add(int(note.text))
        elif note.what in (What.DECISION, What.NAMED, What.ENDER) and note.digest not in self.digests:
            self.digests.add(note.digest)
            among, _, contact = note.text.partition(" ")
            self.among[int(among)] += 1
            self.decided.add(contact)

    def missing(self, scope: Scope) -> Iterator[str]:
        """Outcomes given at once come together: five of which each says that it is one of two lack a sixth."""
        for among, there in sorted(self.among.items()):
            lacking = -there % among if among else 0
            if lacking:
                yield f"{lacking} of its decisions is missing: {there} say that they are one of {among}"
        for number in sorted(self.answered - {0}):
            if not self.among[number]:
                yield f"outcomes that it was given at once: {number}; none of its decisions is there"
        for contact, note in self.called.items():
            if contact not in self.decided and not scope.is_on_its_way(note.at):
                yield f"was for contact {contact} at {note.place}, and nothing was decided for them"


@dataclass(slots=True)
class _Story:
    """What stands of one event: itself, what it changed, who speaks of it, and what became of it."""

    event: Note | None = None
    witness: Note | None = None
    oldest: Note | None = None
    newest: Note | None = None
    is_decided: bool = False
    is_taken: bool = False
    outcomes: _Outcomes = field(default_factory=_Outcomes)
    traces: Traces = field(default_factory=Traces)
    subjects: dict[str, str] = field(default_factory=dict)
    places: set[str] = field(default_factory=set)
    sayings: set[str] = field(default_factory=set)
    letters: set[str] = field(default_factory=set)

    @property
    def is_set_aside(self) -> bool:
        """Whether a dead letter stands for it; one of its records does so for that one, as an id may be used again."""
        return bool(self.letters) and ("" in self.letters or self.places <= self.letters)

    def take(self, note: Note) -> None:
        """All but the event itself and what it changed."""
        if note.what is What.DEAD_LETTER:
            self.letters.add(note.text)
        self.outcomes.take(note)
        self.is_taken = self.is_taken or note.what is What.ANSWERED
        self.is_decided = self.is_decided or _is_outcome(note)
        if note.what in (What.DECISION, What.ENDER, What.ANSWERED):  # what an opt-out rests on may be years old
            self.witness = _older(self.witness, note)
        if note.what is not What.PORTION:
            self.oldest = _older(self.oldest, note)
            self.newest = note if self.newest is None or note.at > self.newest.at else self.newest

    def is_whole(self, scope: Scope) -> bool:
        """Whether all that became of it must be there, and none of it is a dead letter."""
        if self.oldest is None or self.newest is None or self.is_set_aside:
            return False
        return scope.is_kept(DECISIONS, self.oldest.at) and not scope.is_on_its_way(self.newest.at)


def look_at_event(tenant: str, event_id: str, notes: Iterator[Note], scope: Scope, findings: Findings) -> None:
    """Compare what stands of one event; its notes are used one after the other, for an event may concern many."""
    story, subject = _Story(), f"event {tenant}/{event_id}"
    for note in notes:
        if note.what is What.EVENT:
            story.event = story.event or note
            story.places.add(note.place)
            story.sayings.add(note.text)
            _look_at_use(note, story.subjects, subject, findings)
        elif not story.traces.take(note):
            story.take(note)
    if story.event is not None:
        findings.count(LAW, "events")
        _look_at_known(story.event, story, subject, scope, findings)
        _look_at_traces(story.event, story, subject, scope, findings)
    else:
        known = story.witness or story.traces.first
        if known and scope.is_kept(EVENTS, known.at) and not scope.is_on_its_way(known.at):
            findings.differ(LAW, subject, f"is spoken of at {known.place}, and no such event is on topic events")
    if story.is_whole(scope):
        for words in story.outcomes.missing(scope):
            findings.differ(LAW, subject, words)


def _look_at_traces(event: Note, story: _Story, subject: str, scope: Scope, findings: Findings) -> None:
    traces = story.traces
    findings.count(LAW, "events that are named as a cause", traces.first is not None)
    says = [*traces.incomplete(scope)]
    if not story.is_set_aside:
        says += traces.lacking(event, is_known=story.is_decided or story.is_taken, scope=scope)
    if len(story.subjects) == 1 and len(story.sayings) == 1:
        says += traces.differing(event)
    for words in dict.fromkeys(says):
        findings.differ(LAW, subject, words)


def _is_outcome(note: Note) -> bool:
    """Whether it is a decision on the event, or the end of a plan, in place of one; what is ended later is not."""
    return note.what is What.DECISION or (note.what is What.ENDER and not note.text.startswith("0 "))


def _older(one: Note | None, other: Note) -> Note:
    return one if one is not None and one.at <= other.at else other


def look_at_place(place: str, notes: Iterator[Note], scope: Scope, findings: Findings) -> None:
    """An event that cannot be read has a dead letter that says where it stands."""
    found = {note.what: note for note in notes}
    replay = found.get(What.REPLAY)
    if replay is not None and What.DEAD_LETTER not in found and scope.is_kept(DEAD_LETTERS, replay.at):
        findings.differ(LAW, f"record {place}", f"was published again, as {replay.place} says, and has no dead letter")
    unreadable = found.get(What.UNREADABLE)
    if unreadable is None:
        return
    findings.count(LAW, "events that cannot be read")
    if What.DEAD_LETTER not in found and not scope.is_on_its_way(unreadable.at):
        findings.differ(LAW, f"record {place}", "cannot be read, and has no dead letter")


def _look_at_use(event: Note, subjects: dict[str, str], subject: str, findings: Findings) -> None:
    """An id is unique per tenant and source; with another subject it may have been taken for a redelivery, or not."""
    _, source, about, *_ = event.text.split("\0")
    first = subjects.setdefault(source, about)
    if about != first:
        says = f"source {source} used the id for subject {first!r}, and at {event.place} for {about!r}"
        findings.differ(REDELIVERY, subject, says)


def _look_at_known(event: Note, story: _Story, subject: str, scope: Scope, findings: Findings) -> None:
    event_type = _type_of(event)
    if story.is_decided:
        findings.count(LAW, "events decided")
    elif story.is_set_aside:
        findings.count(LAW, "events set aside")
    elif event_type in STATE_ONLY:
        findings.count(LAW, "events that only change state")
    elif scope.is_on_its_way(event.at):
        findings.count(LAW, "events on their way")
    elif scope.is_kept(DECISIONS, event.at) and scope.is_kept(DEAD_LETTERS, event.at):
        findings.differ(LAW, subject, f"{event_type} at {event.place} has no decision and no dead letter")


def _type_of(event: Note) -> str:
    return event.text.partition("\0")[0]
