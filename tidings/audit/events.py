"""Law 1, its first sum: every event ends in at least one decision, or among the dead letters."""

from collections.abc import Iterator

from schemas.events import STATE_ONLY
from schemas.topics import DEAD_LETTERS, DECISIONS, EVENTS
from tidings.audit.findings import Findings
from tidings.audit.notes import Note, What
from tidings.audit.scope import Scope

LAW = 1


def look_at_event(tenant: str, event_id: str, notes: Iterator[Note], scope: Scope, findings: Findings) -> None:
    """Compare what stands of one event; its notes are used one after the other, for an event may concern many."""
    event: Note | None = None
    said: set[What] = set()
    oldest = None
    for note in notes:
        if note.what is What.EVENT:
            event = event or note
        else:
            said.add(note.what)
            oldest = note if oldest is None or note.at < oldest.at else oldest
    subject = f"event {tenant}/{event_id}"
    if event is not None:
        findings.count(LAW, "events")
        _look_at_known(event, said, subject, scope, findings)
        return
    is_decided = What.DECISION in said
    if oldest and is_decided and scope.is_kept(EVENTS, oldest.at) and not scope.is_on_its_way(oldest.at):
        findings.differ(LAW, subject, f"is decided on at {oldest.place}, and no such event is on topic events")


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
