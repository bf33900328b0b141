"""Law 1, its first sum: every event ends in at least one decision, or among the dead letters."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.events import STATE_ONLY
from schemas.topics import DEAD_LETTERS, DECISIONS, EVENTS
from tidings.audit.findings import Findings
from tidings.audit.notes import Note, What
from tidings.audit.scope import Scope

LAW = 1


@dataclass(slots=True)
class _Outcomes:
    """The outcomes of one event: how many say among how many they are, and for whom it was and is decided."""

    digests: set[bytes] = field(default_factory=set)
    among: Counter[int] = field(default_factory=Counter)
    decided: set[str] = field(default_factory=set)
    called: dict[str, Note] = field(default_factory=dict)

    def take(self, note: Note) -> None:
        """What stands twice, to the letter, counts once."""
        if note.what is What.PORTION:
            self.called.setdefault(note.text, note)
        elif note.what in (What.DECISION, What.NAMED) and note.digest not in self.digests:
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
        for contact, note in self.called.items():
            if contact not in self.decided and not scope.is_on_its_way(note.at):
                yield f"was for contact {contact} at {note.place}, and nothing was decided for them"


def look_at_event(tenant: str, event_id: str, notes: Iterator[Note], scope: Scope, findings: Findings) -> None:
    """Compare what stands of one event; its notes are used one after the other, for an event may concern many."""
    event: Note | None = None
    said: set[What] = set()
    oldest = newest = None
    outcomes = _Outcomes()
    for note in notes:
        if note.what is What.EVENT:
            event = event or note
            continue
        outcomes.take(note)
        if note.what is not What.PORTION:
            said.add(note.what)
            oldest = note if oldest is None or note.at < oldest.at else oldest
            newest = note if newest is None or note.at > newest.at else newest
    subject = f"event {tenant}/{event_id}"
    if event is not None:
        findings.count(LAW, "events")
        _look_at_known(event, said, subject, scope, findings)
    elif oldest and What.DECISION in said and scope.is_kept(EVENTS, oldest.at) and not scope.is_on_its_way(oldest.at):
        findings.differ(LAW, subject, f"is decided on at {oldest.place}, and no such event is on topic events")
    is_whole = oldest and newest and scope.is_kept(DECISIONS, oldest.at) and not scope.is_on_its_way(newest.at)
    if is_whole and What.DEAD_LETTER not in said:
        for words in outcomes.missing(scope):
            findings.differ(LAW, subject, words)


def look_at_place(place: str, notes: Iterator[Note], scope: Scope, findings: Findings) -> None:
    """An event that cannot be read has a dead letter that says where it stands."""
    found = {note.what: note for note in notes}
    unreadable = found.get(What.UNREADABLE)
    if unreadable is None:
        return
    findings.count(LAW, "events that cannot be read")
    if What.DEAD_LETTER not in found and not scope.is_on_its_way(unreadable.at):
        findings.differ(LAW, f"record {place}", "cannot be read, and has no dead letter")


def _look_at_known(event: Note, said: set[What], subject: str, scope: Scope, findings: Findings) -> None:
    if said & {What.DECISION, What.NAMED}:
        findings.count(LAW, "events decided")
    elif What.DEAD_LETTER in said:
        findings.count(LAW, "events set aside")
    elif event.text in STATE_ONLY:
        findings.count(LAW, "events that only change state")
    elif scope.is_on_its_way(event.at):
        findings.count(LAW, "events on their way")
    elif scope.is_kept(DECISIONS, event.at) and scope.is_kept(DEAD_LETTERS, event.at):
        findings.differ(LAW, subject, f"{event.text} at {event.place} has no decision and no dead letter")
