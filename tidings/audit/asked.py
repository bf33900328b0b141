"""Law 1 on a message's way: it came through dispatch, and asked where it had to ask, in the words that it left with."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.clock import rfc3339
from schemas.decision import Decision
from schemas.message import Message
from schemas.reasons import Reason
from schemas.replacing import replace_struct
from schemas.topics import AUDIENCE, CHARGES, COMMANDS, MESSAGES, STATUSES
from schemas.words import Outcome
from tidings.audit.findings import Findings
from tidings.audit.messages import Dossier
from tidings.audit.notes import Note, What
from tidings.audit.scope import Scope

LAW = 1
BY_PURSE = (Reason.INSUFFICIENT_CREDIT, Reason.SPEND_CAP_REACHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """A message that asks, or comes back: where, how many decisions there were before, and its words."""

    note: Note
    topic: str
    decided: int
    allowance: str
    words: str


def look_at_way(found: Dossier, scope: Scope, findings: Findings) -> None:
    """Compare a message's decisions and commands with the records that brought it there."""
    if found.of(What.DEAD_LETTER):
        return
    says = [*_not_due(found, scope), *_not_forwarded(found, scope), *_not_reported(found, scope)]
    says += [
        *_not_said(found, scope),
        *_not_asked(found, scope),
        *_reworded(found, scope),
        *_not_given_back(found, scope),
    ]
    for each in dict.fromkeys(says):
        findings.differ(LAW, found.subject, each)


def _not_due(found: Dossier, scope: Scope) -> Iterator[str]:
    """Who lets a message leave or wait, or drops it at once, was given it; what a plan's event ended was not."""
    if any(note.place.startswith(f"{MESSAGES.name}/") for note in found.of(What.CANDIDATE)):
        return
    for each in found.decisions:
        since = min(each.at, each.due or each.at)  # what was held was due long before it left
        is_due = scope.is_kept(MESSAGES, since) and not scope.is_on_its_way(each.at)
        if is_due and (each.outcome in (Outcome.SENT, Outcome.HELD) or _is_dropped_at_once(each)):
            yield f"{each.outcome} at {rfc3339(each.at)}; topic {MESSAGES.name} does not say that it was due"
            return


def _is_dropped_at_once(decision: Decision) -> bool:
    return decision.outcome is Outcome.DROPPED and decision.number == 1


def _not_forwarded(found: Dossier, scope: Scope) -> Iterator[str]:
    """What is keyed anew for its recipient arrives, with as many decisions behind it."""
    due = [note for note in found.of(What.CANDIDATE) if not scope.is_on_its_way(note.at)]
    for note in due:
        here, there = _topic(note), MESSAGES.name
        if here == MESSAGES.name:
            is_whose = isinstance(note.value, Message) and note.value.contact is not None
            there = AUDIENCE.name if note.text.endswith(" released") and is_whose else MESSAGES.name
        others = (other.text for other in due if _topic(other) == there)
        if note.text not in others and scope.is_kept(MESSAGES, note.at):
            yield f"is keyed anew at {note.place}, and topic {there} lacks it"


def _topic(note: Note) -> str:
    return note.place.partition("/")[0]


def _not_reported(found: Dossier, scope: Scope) -> Iterator[str]:
    """What was heard of it later is one of its statuses."""
    for note in found.of(What.REPORTED):
        state, code, at = note.text.split("\0")
        reports = zip(found.statuses, found.of(What.STATUS), strict=True)
        is_there = any(
            (each.status, each.code or "", rfc3339(each.at), stands.at) == (state, code, at, note.at)
            for each, stands in reports
        )
        if not is_there and scope.is_kept(STATUSES, note.at) and not scope.is_on_its_way(note.at):
            yield f"is reported as {state} at {note.place}; topic {STATUSES.name} lacks it"


def _not_said(found: Dossier, scope: Scope) -> Iterator[str]:
    """What could not be rendered is decided so, unless its recipient had got enough anyway."""
    for note in found.of(What.UNSAYABLE):
        if not isinstance(note.value, Decision) or not scope.is_kept(AUDIENCE, note.at) or scope.is_on_its_way(note.at):
            continue
        wanted = (replace_struct(note.value, reason=None, facts={}), note.value.reason)
        said = [(replace_struct(each, reason=None, facts={}), each.reason) for each in found.decisions]
        if wanted not in said and (wanted[0], Reason.FREQUENCY_CAPPED) not in said:
            yield f"cannot be said, as {note.place} has it, and no decision says so"


def _askings(found: Dossier) -> list[_Asking]:
    made = []
    for note in found.of(What.ASKED):
        topic, decided, allowance, words = note.text.split("\0")
        made.append(_Asking(note=note, topic=topic, decided=int(decided), allowance=allowance, words=words))
    return made


def _not_asked(found: Dossier, scope: Scope) -> Iterator[str]:
    asked = {(each.topic, each.decided) for each in _askings(found)}
    returned = {each.decided for each in _askings(found) if each.allowance == "paid"}
    for note, message in zip(found.of(What.COMMAND), found.commands, strict=True):
        if not scope.is_kept(CHARGES, note.at) or scope.is_on_its_way(note.at):
            continue
        was_charged = (CHARGES.name, message.decided) in asked
        if message.charge is not None and message.charge.needs_leave and not was_charged:
            yield f"commanded at {note.place}; topic {CHARGES.name} lacks its question"
        if message.allowance is not None and (AUDIENCE.name, message.decided) not in asked:
            yield f"commanded at {note.place}; topic {AUDIENCE.name} lacks its question"
        elif message.allowance is not None and was_charged and message.decided not in returned:
            yield f"commanded at {note.place}; topic {AUDIENCE.name} lacks its return"
    unsayable = {int(note.text) for note in found.of(What.UNSAYABLE)}
    for each in found.decisions:
        if not scope.is_kept(CHARGES, each.at) or scope.is_on_its_way(each.at) or each.number is None:
            continue
        is_capped = each.reason == Reason.FREQUENCY_CAPPED and each.number not in unsayable
        topic = CHARGES.name if each.reason in BY_PURSE else AUDIENCE.name if is_capped else None
        if topic and (topic, each.number - 1) not in asked:
            yield f"event {each.event_id}: {each.reason} at {rfc3339(each.at)}; topic {topic} lacks its question"


def _reworded(found: Dossier, scope: Scope) -> Iterator[str]:
    """From its rendering on a message stays as it is."""
    known: dict[int, tuple[str, str]] = {}
    said = [(each.decided, each.words, each.note) for each in _askings(found)]
    commands = zip(found.commands, found.of(What.COMMAND), strict=True)
    said += [(message.decided, note.text.partition("\0")[2], note) for message, note in commands]
    for decided, words, note in said:
        before, place = known.setdefault(decided, (words, note.place))
        if words != before:
            yield f"is another at {note.place} than at {place}"
    numbers = {each.number for each in found.decisions}
    for decided, (_, place) in known.items():
        at = next(note.at for number, _, note in said if number == decided)
        is_counted = scope.is_kept(COMMANDS[0], at) and not scope.is_on_its_way(at) and found.decisions
        if is_counted and decided + 1 not in numbers:
            yield f"stands at {place} after {decided} decisions, and there is no decision {decided + 1}"


def _costs_nothing(decision: Decision, found: Dossier) -> bool:
    """Whether credits were kept for it, and dispatch or its recipient's allowance ended it all the same."""
    if decision.outcome not in (Outcome.DROPPED, Outcome.CANCELLED) or decision.number is None:
        return False
    decided = decision.number - 1
    asked = [each for each in _askings(found) if each.decided == decided]
    if any(each.allowance == "paid" for each in asked):
        return True
    due = (note.text.split(" ") for note in found.of(What.CANDIDATE) if _topic(note) == MESSAGES.name)
    return not asked and [str(decided), "released"] in ([number, sort] for number, _, sort in due)


def _not_given_back(found: Dossier, scope: Scope) -> Iterator[str]:
    """What the purse does not let leave takes no place of its recipient's allowance."""
    given_back = {note.at for note in found.of(What.FOLLOWED) if note.text == "CreditChange"}
    for each in found.decisions:
        is_due = scope.is_kept(CHARGES, each.at) and not scope.is_on_its_way(each.at)
        if is_due and _costs_nothing(each, found) and each.at not in given_back:
            yield f"{each.outcome} at {rfc3339(each.at)}; topic {CHARGES.name} lacks what it gives back"
    limited = {each.decided for each in _askings(found) if each.topic == CHARGES.name and each.allowance}
    given = {note.at for note in found.of(What.FOLLOWED) if note.text == "PlaceGivenBack"}
    for each in found.decisions:
        is_due = scope.is_kept(CHARGES, each.at) and not scope.is_on_its_way(each.at)
        by_purse = each.reason in BY_PURSE and each.number is not None and each.number - 1 in limited
        if is_due and by_purse and each.at not in given:
            yield f"{each.reason} at {rfc3339(each.at)}; topic {AUDIENCE.name} lacks the place that it gives back"
