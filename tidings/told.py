"""Single records told in sentences: what was decided, ordered, tried, reported and charged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from schemas.billing import Usage
from schemas.clock import rfc3339
from schemas.decision import Decision
from schemas.delivery import AttemptState, DeliveryStatus, LedgerEntry
from schemas.message import Message
from schemas.verdict import Verdict
from schemas.words import Outcome, Status
from tidings.deciding import Setting, settings_of
from tidings.plain_reasons import because


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One sentence about one record and when it was; where a reason stands behind it, what follows from that reason.

    `advice` is what can be done, `otherwise` a sentence on what would have to be different, `charged` whether it is
    charged all the same. `settings` and `facts` are what the decision rested on, in settings version `version`.
    """

    at: datetime
    sentence: str
    advice: str | None = None
    otherwise: str | None = None
    charged: str | None = None
    settings: tuple[Setting, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    version: int | None = None


def decided(decision: Decision, *, after_a_hold: bool = False) -> Told:
    """One decision; `after_a_hold`: it waited before."""
    start = _OUTCOMES[decision.outcome]
    if decision.outcome is Outcome.SENT and after_a_hold:
        start = "It was released and handed over for delivery"
    due = f" It is due at {_seconds(decision.due)}." if decision.due and decision.outcome is Outcome.SCHEDULED else ""
    rested = {"settings": settings_of(decision), "facts": decision.facts, "version": decision.settings_version}
    if decision.reason is None:
        return Told(at=decision.at, sentence=f"{start}.{due}", **rested)  # type: ignore[arg-type] # three of its fields
    cause = because(decision.reason, decision.channel, decision.facts)
    return Told(
        at=decision.at,
        sentence=f"{start}, because {cause.why} ({decision.reason}).{due}",
        advice=cause.advice,
        otherwise=_otherwise(decision, cause.otherwise),
        charged=cause.charged,
        **rested,  # type: ignore[arg-type] # three of its fields
    )


def _otherwise(decision: Decision, clause: str) -> str:
    """Where a setting that is off decided, it is the thing that would have to change."""
    off = [setting for setting in settings_of(decision) if setting.is_off]
    if off:
        clause = f"{off[0].path} {'were true' if off[0].value is False else 'had a value'}"
    return f"{_WOULD[decision.outcome]} if {clause}."


def reported(status: DeliveryStatus) -> Told:
    """One report of a gateway."""
    words = _STATUSES[status.status]
    attempt = "" if status.attempt <= 1 else f" at attempt {status.attempt}"
    detail = ": ".join(part for part in (status.code, status.detail) if part)
    sentence = f"{words}{attempt}{f' ({detail})' if detail else ''}."
    if status.reason is None:
        return Told(at=status.at, sentence=sentence)
    cause = because(status.reason, status.channel)
    sentence = f"{sentence[:-1]}, because {cause.why} ({status.reason})."
    return Told(at=status.at, sentence=sentence, advice=cause.advice, charged=cause.charged)


def ordered(command: Message) -> Told:
    """One order to a gateway: the message with all its words."""
    size = "" if command.segments is None else f", {_many(command.segments, 'segment')} in {command.encoding}"
    charge = command.charge
    price = f" It costs {charge.amount} {charge.currency} if it is billed." if charge is not None else ""
    sentence = (
        f"It was rendered with template version {command.template_version}{size}, and given to the {command.channel}"
        f" gateway (lane {command.lane}) from {command.from_} to {command.to}.{price}"
    )
    shows = f"tidings settings show --tenant {command.tenant} --version {command.settings_version}"
    advice = f"`{shows}` shows the settings, and so the words, that it was made with."
    return Told(at=command.commanded_at, sentence=sentence, version=command.settings_version, advice=advice)


def tried(entry: LedgerEntry) -> Told | None:
    """What the gateway keeps of a message, as long as it may still send it; what is over was reported."""
    match entry.state:
        case AttemptState.INTENT:
            sentence = f"Attempt {entry.attempt} is under way."
        case AttemptState.RETRY_AT:
            again = f" It is tried again at {_seconds(entry.retry_at)}." if entry.retry_at else ""
            sentence = f"Attempt {entry.attempt} was not taken ({entry.code or 'no code'}).{again}"
        case AttemptState.UNKNOWN:
            again = f" It is decided at {_seconds(entry.retry_at)}." if entry.retry_at else ""
            sentence = f"Nobody can say yet what became of attempt {entry.attempt}.{again}"
        case _:
            return None
    return Told(at=entry.at, sentence=sentence)


def judged(verdict: Verdict) -> Told:
    """What a person decided about a message in doubt; its gateway reports what it did."""
    decided = "that it is sent again" if verdict.sends_again else "to leave it at that"
    return Told(at=verdict.at, sentence=f"About attempt {verdict.attempt}, {verdict.by} decided {decided}.")


def charged(usage: Usage) -> Told:
    """One entry of the bill."""
    amount = f"{_many(usage.units, usage.unit)}, {usage.amount} {usage.currency}"
    verb = "taken off the bill again" if usage.units < 0 else "charged"
    sentence = f"It was {verb}: {amount}, in period {usage.period}, paid by {usage.paid_by}."
    return Told(at=usage.at, sentence=sentence)


def _many(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if abs(number) == 1 else 's'}"


def _seconds(instant: datetime) -> str:
    return rfc3339(instant.replace(microsecond=0))


_OUTCOMES = {
    Outcome.SENT: "It was handed over for delivery",
    Outcome.SCHEDULED: "It was planned",
    Outcome.HELD: "It waits",
    Outcome.COALESCED: "It left together with another message",
    Outcome.DROPPED: "It was not sent",
    Outcome.CANCELLED: "It was called off",
}
_WOULD = {
    Outcome.SENT: "It would be sent",
    Outcome.SCHEDULED: "It would be sent",
    Outcome.HELD: "It would leave now",
    Outcome.COALESCED: "It would have left alone",
    Outcome.DROPPED: "It would have been sent",
    Outcome.CANCELLED: "It would have been sent",
}
_STATUSES = {
    Status.ACCEPTED: "The provider accepted it",
    Status.SENT: "The provider sent it",
    Status.DELIVERED: "It was delivered",
    Status.ANSWERED_HUMAN: "A person answered the call",
    Status.VOICEMAIL_LEFT: "A voicemail was left",
    Status.BUSY: "The line was busy",
    Status.NO_ANSWER: "Nobody answered the call",
    Status.FAILED: "Sending failed",
    Status.UNDELIVERED: "It could not be delivered",
    Status.BOUNCED: "It bounced: the address does not take mail",
    Status.COMPLAINED: "The recipient reported it as unwanted",
    Status.EXPIRED: "It was not sent, because its time had passed",
    Status.SUPPRESSED: "It was stopped just before sending",
    Status.CANCELLED: "It was called off just before sending",
    Status.DOUBTFUL: "Nobody can say whether it arrived",
}
