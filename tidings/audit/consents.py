"""Law 3: nobody who said no hears from us, as the consents say and as the changes come to."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from schemas.consent import Consent, ConsentChange
from schemas.delivery import DeliveryStatus
from schemas.topics import CONSENTS
from tidings.audit.findings import Findings
from tidings.audit.notes import Note
from tidings.audit.scope import Scope

LAW = 3
ON_THE_WIRE = timedelta(minutes=11)
"""A message that was handed over before the no may be accepted this much later: a mail server has ten minutes."""
CONFIRMATION = "keyword_reply"
"""The kind that an opt-out does not stop: a STOP must be confirmed (contract section 11)."""


def look_at_address(notes: Iterator[Note], scope: Scope, findings: Findings) -> None:
    """Walk through what happened to one address, in the order of time; a consent is written anew at each change."""
    consent: Consent | None = None
    since: datetime | None = None
    changed: Note | None = None
    for note in notes:
        match note.value:
            case Consent() as consent:
                since = note.at
            case ConsentChange():
                changed = note
            case DeliveryStatus() as status:
                findings.count(LAW, "reports that a message left")
                if consent is not None and since is not None:
                    _look_at_sending(status, consent, since, findings)
    if changed is not None:
        findings.count(LAW, "addresses whose consent was changed")
    if consent is not None:
        findings.count(LAW, "addresses with a consent")
    if isinstance(changed, Note) and not scope.is_on_its_way(changed.at) and (since is None or since < changed.at):
        key = changed.about.removeprefix("address\0")
        says = f"its consent was changed at {changed.place}; topic {CONSENTS.name} was not written since"
        findings.differ(LAW, f"address {key}", says)


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
