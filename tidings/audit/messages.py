"""Laws 1 and 2 of one message: what was decided was commanded, what was commanded was reported, and it left once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from processors.effects import Forward, Record
from processors.status import on_status, rises
from schemas.decision import Decision
from schemas.delivery import AttemptState, DeliveryStatus
from schemas.message import Message
from schemas.topics import COMMANDS, DECISIONS, STATUSES
from schemas.words import Outcome, Status
from tidings.audit.findings import Findings
from tidings.audit.notes import Note, What
from tidings.audit.scope import Scope
from tidings.audit.scratch import Scratch

TO_BE, ONCE = 1, 2
OPEN = (AttemptState.INTENT, AttemptState.RETRY_AT, AttemptState.UNKNOWN)
ARRIVED = frozenset(
    {Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.ANSWERED_HUMAN, Status.VOICEMAIL_LEFT, Status.COMPLAINED}
)
"""Where an attempt ended so, another one says the same thing twice."""


@dataclass(slots=True, kw_only=True)
class Dossier:
    """All notes on one message, by what they are."""

    message_id: str
    decisions: list[Decision] = field(default_factory=list)
    statuses: list[DeliveryStatus] = field(default_factory=list)
    notes: dict[What, list[Note]] = field(default_factory=dict)
    followed: list[tuple[Forward, datetime]] | None = None

    def of(self, what: What) -> Sequence[Note]:
        """The notes of one sort, in the order of their topic."""
        return self.notes.get(what, ())

    @property
    def commands(self) -> list[Message]:
        """Its commands, without their words."""
        return [note.value for note in self.of(What.COMMAND) if isinstance(note.value, Message)]

    @property
    def status(self) -> DeliveryStatus | None:
        """The one status that all reports come to."""
        folded: DeliveryStatus | None = None
        for status in self.statuses:
            if folded is None or rises(folded, status):
                folded = status
        return folded

    @property
    def follows(self) -> list[tuple[Forward, datetime]]:
        """What the statuses come to, by the very function that stage settle performs, and when."""
        if self.followed is None:
            self.followed = list(self._perform())
        return self.followed

    def _perform(self) -> Iterator[tuple[Forward, datetime]]:
        records = (
            Record(topic=STATUSES.name, key=status.key, value=status, now=note.at)
            for status, note in zip(self.statuses, self.of(What.STATUS), strict=True)
        )
        return Scratch().perform(on_status, records)

    @property
    def subject(self) -> str:
        """How differences call it."""
        tenants = [*(each.tenant for each in self.decisions), *(each.tenant for each in self.statuses)]
        tenants += [message.tenant for message in self.commands]
        return f"message {tenants[0]}/{self.message_id}" if tenants else f"message {self.message_id}"


def dossier(message_id: str, notes: Iterable[Note]) -> Dossier:
    """The notes on one message, sorted; decisions of several partitions go by their time."""
    made = Dossier(message_id=message_id)
    for note in notes:
        made.notes.setdefault(note.what, []).append(note)
        if isinstance(note.value, Decision) and note.what is What.DECISION:
            made.decisions.append(note.value)
        elif isinstance(note.value, DeliveryStatus) and note.what is What.STATUS:
            made.statuses.append(note.value)
    made.decisions.sort(key=lambda each: (each.at, each.number is None, each.number))
    return made


def look_at_message(found: Dossier, scope: Scope, findings: Findings) -> None:
    """Compare decisions, commands, ledger and statuses of one message."""
    _look_at_decisions(found, scope, findings)
    _look_at_numbers(found, scope, findings)
    _look_at_commands(found, scope, findings)
    _look_at_ends(found, scope, findings)
    _look_at_ledger(found, scope, findings)
    _look_at_attempts(found, findings)


def _look_at_decisions(found: Dossier, scope: Scope, findings: Findings) -> None:
    sent = [each for each in found.decisions if each.outcome is Outcome.SENT]
    commands = found.of(What.COMMAND)
    if sent:
        findings.count(TO_BE, "messages to be sent")
        is_due = scope.is_kept(COMMANDS[0], sent[0].at) and not scope.is_on_its_way(sent[0].at)
        if not commands and is_due:
            findings.differ(TO_BE, found.subject, f"event {sent[0].event_id} decided to send it; no delivery command")
    elif commands and scope.is_kept(DECISIONS, commands[0].at) and not scope.is_on_its_way(commands[0].at):
        findings.differ(TO_BE, found.subject, f"commanded at {commands[0].place}; no decision to send it")
    if not found.decisions:
        return
    last = found.decisions[-1]
    if last.outcome in (Outcome.SCHEDULED, Outcome.HELD):
        findings.count(TO_BE, "messages that wait")
        until = _due(last, found) or _useful_until(found)
        if until is not None and not scope.is_on_its_way(until):
            says = f"event {last.event_id}: {last.outcome} until {until.isoformat()}, and nothing came of it"
            findings.differ(TO_BE, found.subject, says)
        ends = [note for note in found.of(What.END) if not scope.is_on_its_way(note.at)]
        if ends:
            findings.differ(TO_BE, found.subject, f"was ended at {ends[0].place}, and no decision says so")


def _due(last: Decision, found: Dossier) -> datetime | None:
    """When it is due; what joins it later may move that."""
    joined = [datetime.fromisoformat(note.text) for note in found.of(What.JOINED)]
    return max((last.due, *joined)) if last.due else None


def _useful_until(found: Dossier) -> datetime | None:
    """Until when a message that waits without an hour, such as for credits, is of use."""
    untils = [note.text.split(" ")[1] for note in found.of(What.CANDIDATE)]
    return datetime.fromisoformat(untils[0]) if untils and untils[0] else None


def _look_at_numbers(found: Dossier, scope: Scope, findings: Findings) -> None:
    """Decisions on a message are numbered, and its candidate knows how many there were before it."""
    numbers = {each.number for each in found.decisions if each.number is not None}
    if found.of(What.DEAD_LETTER) or any(not scope.is_kept(DECISIONS, each.at) for each in found.decisions):
        return
    due = [note for note in found.of(What.CANDIDATE) if not scope.is_on_its_way(note.at)]
    numbers.update(int(note.text.partition(" ")[0]) + 1 for note in due)
    findings.count(TO_BE, "messages that became due", bool(due))
    said = [each.number for each in found.decisions if each.number is not None]
    missing = set(range(1, max(numbers, default=0) + 1)) - set(said)
    for number in sorted(missing):
        findings.differ(TO_BE, found.subject, f"decision {number} of {max(numbers)} or more on it is missing")


def _look_at_commands(found: Dossier, scope: Scope, findings: Findings) -> None:
    commands, status = found.of(What.COMMAND), found.status
    if commands:
        findings.count(TO_BE, "messages commanded")
    if status is not None:
        findings.count(TO_BE, "messages reported")
        findings.count(TO_BE, "messages in doubt", status.status is Status.DOUBTFUL)
        first = found.of(What.STATUS)[0]
        if not commands and scope.is_kept(COMMANDS[0], status.commanded_at) and not scope.is_on_its_way(first.at):
            findings.differ(TO_BE, found.subject, f"reported as {status.status} at {first.place}; no delivery command")
    elif commands and _state(found) in OPEN:
        findings.count(TO_BE, "messages at a gateway")
    elif commands and scope.is_on_its_way(commands[0].at):
        findings.count(TO_BE, "messages on their way")
    elif commands:
        findings.differ(TO_BE, found.subject, f"commanded at {commands[0].place}, and nothing was ever reported of it")


def _look_at_ends(found: Dossier, scope: Scope, findings: Findings) -> None:
    """What did not reach anybody is decided on once more, with its reason."""
    notes = found.of(What.STATUS)
    if any(scope.is_on_its_way(note.at) or not scope.is_kept(DECISIONS, note.at) for note in notes):
        return
    said = {(each.outcome, each.reason) for each in found.decisions}
    for forward, _ in found.follows:
        decision = forward.value
        if isinstance(decision, Decision) and (decision.outcome, decision.reason) not in said:
            says = f"ended with {decision.facts['status']}; no decision says {decision.outcome}, {decision.reason}"
            findings.differ(TO_BE, found.subject, says)


def _look_at_ledger(found: Dossier, scope: Scope, findings: Findings) -> None:
    """The ledger keeps the last report, so that the topic can be held against it."""
    entries = found.of(What.LEDGER)
    partitions = {note.place.rpartition("/")[0] for note in entries}
    if len(partitions) > 1:
        findings.differ(ONCE, found.subject, f"stands in more than one ledger: {', '.join(sorted(partitions))}")
    if not entries or not isinstance(entries[-1].value, DeliveryStatus):
        return
    kept, status = entries[-1].value, found.status
    is_due = scope.is_kept(STATUSES, kept.at) and not scope.is_on_its_way(entries[-1].at)
    if is_due and (status is None or rises(status, kept)):
        says = f"its ledger reported {kept.status} at attempt {kept.attempt}; the topic of statuses has "
        findings.differ(TO_BE, found.subject, says + (status.status if status else "nothing"))


def _look_at_attempts(found: Dossier, findings: Findings) -> None:
    if found.statuses:
        findings.count(ONCE, "messages that a gateway spoke of")
    ends: dict[int, DeliveryStatus] = {}
    for status in found.statuses:
        before = ends.get(status.attempt)
        if before is None or rises(before, status):
            ends[status.attempt] = status
    arrived = [attempt for attempt, status in sorted(ends.items()) if status.status in ARRIVED]
    findings.count(ONCE, "attempts that arrived", len(arrived))
    if len(arrived) > 1:
        findings.differ(ONCE, found.subject, f"arrived at attempts {', '.join(map(str, arrived))}")


def _state(found: Dossier) -> AttemptState | None:
    entries = found.of(What.LEDGER)
    return AttemptState(entries[-1].text) if entries else None
