"""Law 3: nobody who said no hears from us, as the consents say and as the changes come to."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from processors.consent import after, gravest
from processors.status import SUPPRESSES
from schemas.consent import EVERYTHING, SUPPRESSED, SUPPRESSIONS, Consent, ConsentChange, Means
from schemas.delivery import DeliveryStatus
from schemas.topics import CONSENT_CHANGES, CONSENTS, MESSAGES, STATUSES
from tidings.audit.findings import Findings
from tidings.audit.notes import Note
from tidings.audit.scope import Scope

LAW = 3
ON_THE_WIRE = timedelta(minutes=11)
"""A message that was handed over before the no may be accepted this much later: a mail server has ten minutes."""
CONFIRMATION = "keyword_reply"
"""The kind that an opt-out does not stop: a STOP must be confirmed (contract section 11)."""
_BY_CHANGE = (Means.REQUEST, Means.LINK, Means.REPORT)
"""What comes as a change of its own; a word that somebody sent changes consent on its way through `messages`."""


@dataclass(slots=True)
class _Address:
    """What stands of one address; of consents the newest, for compaction leaves no other."""

    changes: list[tuple[Note, ConsentChange]] = field(default_factory=list)
    reports: list[tuple[Note, DeliveryStatus]] = field(default_factory=list)
    consent: Consent | None = None
    since: Note | None = None
    left: dict[str, int] = field(default_factory=dict)
    uncaused: list[Note] = field(default_factory=list)
    altered: list[tuple[datetime, Note]] = field(default_factory=list)
    is_in_order: bool = True

    def take(self, consent: Consent, note: Note) -> None:
        """The next consent in time: it has the time of its change, and is what that makes of the one before."""
        fresh = [change for at, change in self.changes if at.at == note.at]
        if not fresh:
            self.uncaused.append(note)
        if self.consent is not None and self.since is not None:
            self.is_in_order = self.is_in_order and _offset(self.since) < _offset(note)
            between = [change for at, change in self.changes if at.at > self.since.at]
            # What START to a short code lifts depends on more than the consent before.
            is_plain = len(between) == 1 == len(fresh) and EVERYTHING not in fresh[0].lifts
            if is_plain and after(self.consent, fresh[0], note.at) != consent:
                self.altered.append((self.since.at, note))
        self.consent, self.since = consent, note

    def has_just_left(self, status: DeliveryStatus) -> bool:
        """Whether no earlier report says that this attempt left; later ones may come days after a no."""
        before = self.left.get(status.message_id, 0)
        self.left[status.message_id] = max(before, status.attempt)
        return status.attempt > before


def look_at_address(notes: Iterator[Note], scope: Scope, findings: Findings) -> None:
    """Walk through what happened to one address, in the order of time; a consent is written anew at each change."""
    known = _Address()
    for note in notes:
        match note.value:
            case Consent() as consent:
                known.take(consent, note)
            case ConsentChange() as change if change.suppressed not in (None, *SUPPRESSIONS):
                findings.differ(LAW, f"address {change.key}", f"suppressed by {change.suppressed!r} at {note.place}")
            case ConsentChange() as change:
                known.changes.append((note, change))
            case DeliveryStatus() as status:
                findings.count(LAW, "reports that a message left")
                known.reports += [(note, status)] if status.status in SUPPRESSES else []
                if known.has_just_left(status) and known.consent is not None and known.since is not None:
                    _look_at_sending(status, known.consent, known.since.at, findings)
    findings.count(LAW, "addresses whose consent was changed", bool(known.changes))
    findings.count(LAW, "addresses with a consent", known.consent is not None)
    for says in dict.fromkeys(
        (
            *_not_written(known, scope),
            *_not_caused(known, scope),
            *_not_made(known, scope),
            *_not_suppressed(known, scope),
        )
    ):
        findings.differ(LAW, f"address {_key(known)}", says)


def _key(known: _Address) -> str:
    values = (known.consent, *(change for _, change in known.changes), *(report for _, report in known.reports))
    return next(value.key for value in values if value is not None)


def _not_written(known: _Address, scope: Scope) -> Iterator[str]:
    """The last change shows in the consent, which bears its time."""
    if not known.changes or scope.is_on_its_way(known.changes[-1][0].at):
        return
    note, change = known.changes[-1]
    if known.consent is None or known.since is None or known.since.at < note.at:
        yield f"its consent was changed at {note.place}; topic {CONSENTS.name} was not written since"
    elif [other.at for other, _ in known.changes].count(note.at) == 1 and known.since.at == note.at:
        for what in _not_in(known.consent, change):
            yield f"its consent was changed at {note.place}; the consent at {known.since.place} {what}"


def _not_in(consent: Consent, change: ConsentChange) -> Iterator[str]:
    """What a consent lacks, or has too much, right after a change; what START lifts depends on what was before."""
    lifts = [each for each in change.lifts if each != EVERYTHING]
    for has, instead, added, removed, word in (
        (consent.opted_out, change.opted_out, change.opts_out, lifts, "opted out of"),
        (consent.opted_in, change.opted_in, change.joins, change.leaves, "in"),
    ):
        wanted = {*(instead or ()), *added} - {*removed}
        for missing in sorted(wanted - {*has}):
            yield f"is not {word} {missing}"
        for surplus in sorted({*has} & {*removed} if instead is None else {*has} - wanted):
            yield f"is {word} {surplus}"
    if consent.suppressed != gravest(consent.suppressed, change.suppressed):
        yield f"is not suppressed by {change.suppressed}"


def _not_caused(known: _Address, scope: Scope) -> Iterator[str]:
    """Every opt-out and suppression says how it came to be; as long as that is kept, it must be there."""
    consent, since = known.consent, known.since
    if consent is None or since is None:
        return
    scopes = {*consent.opted_out, *((SUPPRESSED,) if consent.suppressed else ())}
    said = {saying.scope for saying in consent.sayings}
    for each in sorted(said ^ scopes if said else ()):
        yield f"the consent at {since.place} says of {each} that it is so, or how it came to be, and not both"
    causes = {(change.event_id, change.means) for _, change in known.changes}
    for saying in consent.sayings:
        topic = CONSENT_CHANGES if saying.means in _BY_CHANGE else MESSAGES
        is_there = (saying.event_id, saying.means) in causes
        if not is_there and scope.is_kept(topic, saying.at) and not scope.is_on_its_way(saying.at):
            yield f"{saying.scope} at {since.place} is by {saying.means}, event {saying.event_id}; no change says so"


def _not_made(known: _Address, scope: Scope) -> Iterator[str]:
    """Every consent bears the time of the change that made it, and is what that change makes of the one before."""
    for note in known.uncaused:
        # It may have been a word that somebody sent, and those are not kept as long as other changes.
        if scope.is_kept(MESSAGES, note.at) and not scope.is_on_its_way(note.at):
            yield f"the consent at {note.place} has its time from no change"
    for since, note in known.altered if known.is_in_order else ():
        # Words that somebody sent in between must not have been removed yet.
        if scope.is_kept(MESSAGES, since) and not scope.is_on_its_way(note.at):
            yield f"the consent at {note.place} is not what its change makes of the one before"


def _offset(note: Note) -> int:
    return int(note.place.rpartition("/")[2])


def _not_suppressed(known: _Address, scope: Scope) -> Iterator[str]:
    """A bounce or a complaint of the last attempt suppresses its address, and nothing else does so by a report."""
    suppressed = {change.event_id: note for note, change in known.changes if change.means is Means.REPORT}
    reported = {report.event_id for _, report in known.reports}
    for note, report in known.reports:
        is_last = report.attempt == known.left[report.message_id]
        if is_last and not suppressed and scope.is_kept(CONSENT_CHANGES, note.at) and not scope.is_on_its_way(note.at):
            yield f"message {report.message_id} is {report.status} at {note.place}; no change of consent says so"
    for note, change in known.changes:
        reports = {SUPPRESSES[each.status] for _, each in known.reports if each.event_id == change.event_id}
        if change.means is Means.REPORT and reports and change.suppressed not in reports:
            said = ", ".join(sorted(reports))
            yield f"it was suppressed at {note.place} by {change.suppressed}, and reported as {said}"
    for event_id, note in suppressed.items():
        if event_id not in reported and scope.is_kept(STATUSES, note.at) and not scope.is_on_its_way(note.at):
            yield f"it was suppressed at {note.place} by a report on event {event_id}; no status says so"


def _look_at_sending(status: DeliveryStatus, consent: Consent, since: datetime, findings: Findings) -> None:
    refused = None if status.kind == CONFIRMATION else consent.refused_scope(status.category)
    if refused is None and consent.suppressed is None:
        return
    if since < status.commanded_at or since + ON_THE_WIRE < status.at:
        findings.differ(
            LAW,
            f"message {status.tenant}/{status.message_id}",
            f"{status.status} at {status.at.isoformat()}; its address had said no ({_said(consent)})"
            f" since {since.isoformat()}",
        )


def _said(consent: Consent) -> str:
    words = (*(f"opted out of {scope}" for scope in consent.opted_out), *(f"in {each}" for each in consent.opted_in))
    return (
        ", ".join((*words, *((f"suppressed: {consent.suppressed}",) if consent.suppressed else ()))) or "no objection"
    )
