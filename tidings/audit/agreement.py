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
ORDERED = (*DECIDED, "contact", "staff", "settings_version")
REPORTED = (*ORDERED, "to", "number", "category", "segments", "commanded_at", "charge", "allowance")


def look_at_agreement(found: Dossier, findings: Findings) -> None:
    """Compare a message's command with where it stands, with the decisions on it and with its reports."""
    for name, says in dict.fromkeys(_differences(found)):
        findings.differ(LAW, found.subject, f"its {name} differs: {says}")


def _differences(found: Dossier) -> Iterator[tuple[str, str]]:
    ordered: list[Message | DeliveryStatus] = [*found.commands, *found.statuses]
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


def _between(
    one: Message | DeliveryStatus, other: Message | DeliveryStatus | Decision, names: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    for name in names:
        a, b = getattr(one, name), getattr(other, name)
        if a != b:
            yield name, f"{_said(a)} in its {_word(one)}, {_said(b)} in its {_word(other)}"


def _word(record: Message | DeliveryStatus | Decision) -> str:
    return {Message: "command", DeliveryStatus: "status", Decision: "decision"}[type(record)]


def _said(value: object) -> str:
    return "nothing" if value is None else str(value)
