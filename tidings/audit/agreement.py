"""Law 1 of one message, to the letter: what was decided, commanded and reported is one and the same message."""

from collections.abc import Iterator

from schemas.decision import Decision
from schemas.delivery import DeliveryStatus
from schemas.message import Message
from schemas.words import Outcome
from tidings.audit.findings import Findings
from tidings.audit.messages import Dossier
from tidings.audit.notes import What

LAW = 1
DECIDED = ("tenant", "event_id", "kind", "channel")
"""What every decision on a message says of it, also before its recipient is known."""
ON_ITS_WAY = (*DECIDED, "contact", "staff")
COMMANDED = ("actor", "lane", "category", "in_doubt", "useful_until", "programme")
"""What is known of a message when it is due, for its decision and for its command."""
ORDERED = (*DECIDED, "contact", "staff", "settings_version")
REPORTED = (*ORDERED, "to", "number", "category", "segments", "commanded_at", "charge", "allowance")


def look_at_agreement(found: Dossier, findings: Findings) -> None:
    """Compare a message's command with where it stands, with the decisions on it and with its reports."""
    for name, says in dict.fromkeys(_differences(found)):
        findings.differ(LAW, found.subject, f"its {name} differs: {says}")


def _differences(found: Dossier) -> Iterator[tuple[str, str]]:
    ordered: list[Message | DeliveryStatus] = [*found.commands, *found.statuses]
    yield from _due(found)
    for note, message in zip(found.of(What.COMMAND), found.commands, strict=True):
        if not note.place.startswith(f"{message.topic}/"):
            yield "topic", f"its command stands at {note.place}, and belongs on {message.topic}"
    if not ordered:
        return
    reference = ordered[0]
    for each in ordered[1:]:
        yield from _between(reference, each, REPORTED)
    for decision in found.decisions:
        yield from _between(reference, decision, ORDERED if decision.outcome is Outcome.SENT else DECIDED)
        if decision.outcome is Outcome.SENT and decision.to not in (reference.to, reference.number):
            yield "to", f"{decision.to!r} decided, {reference.to!r} commanded"


def _due(found: Dossier) -> Iterator[tuple[str, str]]:
    """What was due is what was decided on and commanded; who it is that answers is known where the answer came from."""
    told = [(note, note.value) for note in found.of(What.CANDIDATE) if isinstance(note.value, Message)]
    oldest = min((due.settings_version for _, due in told), default=0)  # a crash may repeat one under newer settings
    for note, due in told:
        names = {*ON_ITS_WAY} - ({"contact"} if note.text.endswith("answer") else set())
        for message in found.commands:
            yield from _between(due, message, (*sorted(names), *COMMANDED), "what was due")
            if due.to not in (message.to, message.number or "", ""):
                yield "to", f"{due.to!r} was due, {message.to!r} commanded"
            if oldest > message.settings_version:
                yield "settings_version", f"{oldest} when it was due, {message.settings_version} commanded"
        for decision in found.decisions:
            is_first = decision.number == due.decided + 1
            yield from _between(due, decision, tuple(sorted(names)) if is_first else DECIDED, "what was due")
            if is_first and decision.outcome is not Outcome.HELD and decision.due not in (None, due.commanded_at):
                yield "due", f"{due.commanded_at} when it was due, {decision.due} in its decision"
            if is_first and (decision.settings_version or oldest) < oldest:
                yield "settings_version", f"{oldest} when it was due, {decision.settings_version} decided"
            if is_first and not due.decided and decision.among != due.among:
                yield "among", f"{due.among} when it was due, {decision.among} in its decision"


def _between(
    one: Message | DeliveryStatus,
    other: Message | DeliveryStatus | Decision,
    names: tuple[str, ...],
    one_is: str | None = None,
) -> Iterator[tuple[str, str]]:
    for name in names:
        a, b = getattr(one, name), getattr(other, name)
        if a != b:
            yield name, f"{_said(a)} in {one_is or f'its {_word(one)}'}, {_said(b)} in its {_word(other)}"


def _word(record: Message | DeliveryStatus | Decision) -> str:
    return {Message: "command", DeliveryStatus: "status", Decision: "decision"}[type(record)]


def _said(value: object) -> str:
    return "nothing" if value is None else str(value)
