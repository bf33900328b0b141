"""What happened in a rehearsal, as the records of contract sections 6, 8 and 9, in an order that never varies."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.billing import Invoice, Usage
from schemas.clock import rfc3339
from schemas.consent import Consent
from schemas.dead_letter import DeadLetter
from schemas.decision import Decision
from schemas.delivery import DeliveryStatus
from schemas.message import Message
from schemas.shapes import shapes_of
from schemas.topics import COMMANDS, CONSENTS, DEAD_LETTERS, DECISIONS, INVOICES, STATUSES, USAGE
from schemas.validation import to_plain

Plain = dict[str, Any]

COLLECTED = (*(topic.name for topic in COMMANDS), DECISIONS.name, STATUSES.name, USAGE.name, INVOICES.name)
"""The topics whose every record counts."""

_NO_FIELD = frozenset(
    {
        "commanded_at",
        "in_doubt",
        "reply_to",
        "to_name",
        "locale",
        "charge",
        "rewritten",
        "programme",
        "number",
        "allowance",
        "decided",
        "among",
    }
)
"""What a command tells its gateway and the contract does not list."""
_COUNTED = frozenset({"among", "number"})
"""What of a decision is there for the audit alone."""


def _wire_names(record: type) -> tuple[str, ...]:
    return tuple(shape.wire_name for shape in shapes_of(record))


FIELDS: Mapping[str, tuple[str, ...]] = {
    "messages": ("at", *(name for name in _wire_names(Message) if name not in _NO_FIELD)),
    "decisions": tuple(name for name in _wire_names(Decision) if name not in _COUNTED),
    "statuses": _wire_names(DeliveryStatus),
    "usage": _wire_names(Usage),
    "invoices": _wire_names(Invoice),
    "campaigns": ("tenant", "campaign", "state", "rows", "failed"),
    "consents": ("tenant", "address", "opted_out", "opted_in"),
    "refused": ("tenant", "type", "event_id", "errors"),
}
"""The keys of the outcome, and the fields that the records of each have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything a run came to; each part is a list of plain records."""

    messages: list[Plain]
    decisions: list[Plain]
    statuses: list[Plain]
    usage: list[Plain]
    invoices: list[Plain]
    campaigns: list[Plain]
    consents: list[Plain]
    refused: list[Plain]

    def to_plain(self) -> dict[str, list[Plain]]:
        """The JSON object of `tidings rehearse --json`."""
        return {part: getattr(self, part) for part in FIELDS}


def outcome_of(records: Mapping[str, Sequence[object]]) -> Outcome:
    """The outcome that the records of these topics, each in the order of its log, come to."""
    commands = [record for topic in COMMANDS for record in records.get(topic.name, ())]
    return Outcome(
        messages=_messages(record for record in commands if isinstance(record, Message)),
        decisions=_ordered(to_plain(decision) for decision in records.get(DECISIONS.name, ())),
        statuses=_statuses(records.get(STATUSES.name, ())),
        usage=_ordered(to_plain(usage) for usage in records.get(USAGE.name, ())),
        invoices=_ordered(_invoice(invoice) for invoice in records.get(INVOICES.name, ())),
        campaigns=[],
        consents=_consents(records.get(CONSENTS.name, ())),
        refused=_refused(records.get(DEAD_LETTERS.name, ())),
    )


def _messages(commands: Iterable[Message]) -> list[Plain]:
    """One record per message: a resend is another attempt of the same one."""
    first: dict[tuple[str, str], Message] = {}
    for message in sorted(commands, key=lambda command: command.commanded_at):
        first.setdefault((message.tenant, message.message_id), message)
    return _ordered(_message(message) for message in first.values())


def _message(message: Message) -> Plain:
    plain = to_plain(message)
    return {"at": plain["commanded_at"], **{key: value for key, value in plain.items() if key not in _NO_FIELD}}


def _statuses(records: Iterable[object]) -> list[Plain]:
    """The last state of each message."""
    folded: dict[tuple[str, str], DeliveryStatus] = {}
    for status in records:
        if isinstance(status, DeliveryStatus):
            known = folded.get((status.tenant, status.message_id))
            if known is None or _height(status) >= _height(known):
                folded[status.tenant, status.message_id] = status
    return _ordered(to_plain(status) for status in folded.values())


def _height(status: DeliveryStatus) -> tuple[int, int, datetime]:
    """Within one attempt the state only moves up its lattice; a new attempt begins anew (contract section 9)."""
    return (status.attempt, status.status.rank, status.at)


def _invoice(invoice: object) -> Plain:
    plain = to_plain(invoice)
    for line in plain["lines"]:
        line["usage_ids"].sort()
    return plain


def _consents(records: Iterable[object]) -> list[Plain]:
    """The consent of each address as it stands at the end; a suppression alone is no consent."""
    newest = {record.key: record for record in records if isinstance(record, Consent)}
    plain = [
        {
            "tenant": consent.tenant,
            "address": consent.address,
            "opted_out": sorted(consent.opted_out),
            "opted_in": sorted(consent.opted_in),
        }
        for consent in newest.values()
        if consent.opted_out or consent.opted_in or not consent.suppressed
    ]
    return sorted(plain, key=lambda consent: (consent["tenant"], consent["address"]))


def _refused(letters: Iterable[object]) -> list[Plain]:
    ordered = _ordered(
        {
            "at": rfc3339(letter.at),
            "tenant": letter.tenant,
            "type": letter.type,
            "event_id": letter.event_id,
            "errors": [{"path": fault.path, "reason": fault.reason} for fault in letter.faults],
        }
        for letter in letters
        if isinstance(letter, DeadLetter)
    )
    return [{key: letter[key] for key in FIELDS["refused"]} for letter in ordered]


def _ordered(records: Iterable[Plain]) -> list[Plain]:
    """By time, then by message id, then by whatever else they say."""
    return sorted(records, key=_place)


def _place(record: Plain) -> tuple[datetime, str, str]:
    at = datetime.fromisoformat(record["at"])
    return (at, record.get("message_id") or "", json.dumps(record, sort_keys=True, default=str))
