"""From a record of a topic to notes: which things it speaks of, and what of it is needed to compare."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from processors.decide.answer import cause_of
from processors.decide.outcomes import ended_by
from processors.last_words import last_words
from schemas import wire
from schemas.billing import Invoice, Terms, Usage
from schemas.candidate import Withdrawal
from schemas.clock import rfc3339
from schemas.consent import Consent, ConsentChange, Means
from schemas.dead_letter import DeadLetter, Replay
from schemas.decision import Decision
from schemas.delivery import DeliveryStatus, LedgerEntry
from schemas.envelope import Event
from schemas.faults import Unreadable
from schemas.inbound import Heard
from schemas.message import Message
from schemas.origin import origin_of
from schemas.reasons import Reason
from schemas.reports import LaterReport, Unsubscribed, Whereabouts
from schemas.state import TenantSettings
from schemas.topics import (
    AUDIENCE,
    BY_NAME,
    CHARGES,
    COMMANDS,
    CONSENT_CHANGES,
    CONSENTS,
    DEAD_LETTERS,
    DECISIONS,
    EVENTS,
    INVOICES,
    LEDGERS,
    MESSAGES,
    REPORTS,
    SETTINGS,
    SETTINGS_VERSIONS,
    STATUSES,
    TERMS,
    USAGE,
)
from schemas.words import Status
from tidings.audit.blocks import on_paid_ahead, on_terms_of_blocks
from tidings.audit.causes import changed_by, said_of
from tidings.audit.notes import Note, What, digest, thing
from tidings.audit.on_way import effect, following, on_way, on_withdrawal, said_at, words_of
from tidings.audit.placed import Placed
from tidings.audit.versions import on_terms, on_version

AUDITED = (
    EVENTS, AUDIENCE, MESSAGES, CHARGES, DEAD_LETTERS, DECISIONS, *COMMANDS, *LEDGERS, STATUSES, USAGE, INVOICES,
    SETTINGS_VERSIONS, SETTINGS, TERMS, CONSENT_CHANGES, CONSENTS, REPORTS,
)  # fmt: skip
"""The topics that an audit reads, each once."""
_OF_AN_EVENT = tuple(topic.name for topic in (EVENTS, AUDIENCE, MESSAGES, CHARGES, REPORTS, CONSENT_CHANGES))
"""Where a record that is set aside means that something of its event is missing."""
LEFT = frozenset(
    {
        Status.ACCEPTED,
        Status.SENT,
        Status.DELIVERED,
        Status.ANSWERED_HUMAN,
        Status.VOICEMAIL_LEFT,
        Status.BOUNCED,
        Status.COMPLAINED,
    }
)
"""Statuses that say that a message left for its address."""


def notes_on(record: Placed) -> Iterator[Note]:
    """The notes on one record; a record that is of no use to the audit has none."""
    plain = Note(about="", what=What.EVENT, at=record.at, place=record.place)
    if record.topic in (AUDIENCE.name, MESSAGES.name, CHARGES.name):
        yield from on_way(record, plain)
        return
    if record.value is None and record.topic == EVENTS.name:
        yield replace(plain, about=thing("place", record.place), what=What.UNREADABLE)
        return
    match record.value:
        case Event() as event:
            yield _on_event(event, plain)
        case DeadLetter() as letter:
            yield from _on_letter(letter, plain)
        case Replay() as replay:
            yield replace(plain, about=thing("place", replay.letter), what=What.REPLAY, digest=digest(replay))
        case Decision() as decision:
            yield from _on_decision(decision, plain)
        case DeliveryStatus() as status:
            yield from _on_status(status, plain)
        case Invoice() as invoice:
            yield from _on_invoice(invoice, plain)
        case Consent() | ConsentChange() as consent:
            yield from _on_consent(consent, record, plain)
        case other:
            yield from _on_other(other, record, plain)


def _on_event(event: Event, plain: Note) -> Note:
    text = "\0".join((event.type, event.source, event.subject, said_of(cause_of(event)), changed_by(event)))
    return replace(plain, about=thing("event", event.tenant, event.id), text=text)


def _on_report(report: object, plain: Note) -> Iterator[Note]:
    """What was heard of a message by its name becomes a status of it."""
    if isinstance(report, LaterReport) and report.message_id is not None:
        text = "\0".join((report.status, report.code or "", rfc3339(report.at)))
        yield replace(plain, about=thing("message", report.message_id), what=What.REPORTED, text=text)


def _on_consent(value: Consent | ConsentChange, record: Placed, plain: Note) -> Iterator[Note]:
    plain = replace(plain, value=value)
    if isinstance(value, Consent):
        yield replace(plain, about=thing("address", value.key), what=What.CONSENT)
        return
    yield replace(plain, about=thing("address", value.key), what=What.CHANGE, digest=said_at(record))
    if value.means is not Means.REPORT:
        yield effect(value, record, plain)


def _on_other(value: object, record: Placed, plain: Note) -> Iterator[Note]:
    """Settings and their terms, what is heard later, and what is known of one message."""
    match value:
        case TenantSettings() as settings:
            yield on_version(settings, record, plain)
            if record.topic == SETTINGS_VERSIONS.name:
                yield effect(settings, record, plain)
        case LaterReport() | Unsubscribed() as said:
            yield effect(said, record, plain)
            yield from _on_report(said, plain)
        case Terms() as terms:
            yield on_terms(terms, record, plain)
            yield on_terms_of_blocks(terms, plain)
        case Whereabouts() as where:
            yield following(where, record, plain)
        case Withdrawal() as withdrawal:
            yield from on_withdrawal(withdrawal, record, plain)
        case Message() as message:
            about = thing("message", message.message_id)
            slim = replace(message, text="", subject=None, html=None, attachments=(), rewritten=(), candidate=None)
            text = f"{_last_words(message).hex()}\0{words_of(message).hex()}"
            yield replace(plain, about=about, what=What.COMMAND, text=text, value=slim, digest=digest(message))
        case LedgerEntry() as entry if entry.status or entry.message:
            status = None if entry.awaits_report else entry.status
            about = thing("message", entry.message_id)
            yield replace(plain, about=about, what=What.LEDGER, text=entry.state, value=status)
        case Usage() as usage:
            about = thing("message", usage.message_id)
            yield replace(plain, about=about, what=What.USAGE, value=usage, digest=digest(usage))


def _last_words(message: Message) -> bytes:
    """The record by which its address is told of it, if that is not done by the stage that owns the address."""
    said = last_words(message, message.commanded_at) if message.allowance is not None else None
    return b"" if said is None else digest(said, MESSAGES.name, message.key, message.commanded_at)


def _on_letter(letter: DeadLetter, plain: Note) -> Iterator[Note]:
    """What is set aside on its way to a decision excuses that there is none; a timer can be put back."""
    plain = replace(plain, what=What.DEAD_LETTER)
    yield replace(plain, about=thing("place", letter.id), digest=digest(letter))
    if letter.timer is not None or letter.topic not in BY_NAME:
        return
    lost: object = None
    with suppress(Unreadable):
        lost = wire.decode(BY_NAME[letter.topic], letter.key, letter.value, tuple(letter.headers.items()))
    origin = letter if lost is None else origin_of(lost)
    if origin.tenant and origin.event_id and letter.topic in _OF_AN_EVENT:
        place = letter.id if letter.topic == EVENTS.name else ""
        yield replace(plain, about=thing("event", origin.tenant, origin.event_id), text=place)
    message = lost.message if isinstance(lost, Heard) else lost
    message_id = getattr(message, "message_id", None)
    if message_id is not None:
        yield replace(plain, about=thing("message", message_id))


def _on_decision(decision: Decision, plain: Note) -> Iterator[Note]:
    about = thing("event", decision.tenant, decision.event_id)
    said, ended, among = digest(decision), ended_by(decision), decision.among or 0
    text = f"{0 if ended else among} {decision.contact or ''}"
    yield replace(plain, about=about, what=What.DECISION, text=text, digest=said)
    by_event = decision.facts.get("by_event")
    if isinstance(by_event, str):
        about = thing("event", decision.tenant, by_event)
        what = What.ENDER if ended else What.NAMED
        yield replace(plain, about=about, what=what, text=f"{among if ended else 0} ", digest=said)
    reason, _, other = (decision.reason or "").partition(":")
    if reason == Reason.COALESCED_INTO and decision.due is not None:
        yield replace(plain, about=thing("message", other), what=What.JOINED, text=rfc3339(decision.due))
    if decision.message_id is not None:
        slim = replace(decision, facts={})
        yield replace(plain, about=thing("message", decision.message_id), what=What.DECISION, value=slim)


def _on_status(status: DeliveryStatus, plain: Note) -> Iterator[Note]:
    yield replace(plain, about=thing("message", status.message_id), what=What.STATUS, value=status)
    if status.status in LEFT:
        about = thing("address", status.key)
        yield replace(plain, about=about, what=What.LEFT, value=status)


def _on_invoice(invoice: Invoice, plain: Note) -> Iterator[Note]:
    """Each mention of a message names the invoice and the line; see `invoice_lines`."""
    said = digest(invoice)
    about = thing("invoice", invoice.tenant, invoice.period)
    yield replace(plain, about=about, what=What.INVOICE, digest=said)
    yield from on_paid_ahead(invoice, plain)
    for number, line in enumerate(invoice.lines):
        text = json.dumps([said.hex(), number, line.units < 0, invoice.tenant, invoice.currency])
        for message_id in line.usage_ids:
            yield replace(plain, about=thing("message", message_id), what=What.INVOICED, text=text)


def mention(text: str) -> tuple[str, int, bool, str, str]:
    """What a mention says: the invoice's digest, the line's number, whether it takes back, whose bill, its currency."""
    name, number, takes_back, tenant, currency = json.loads(text)
    return name, number, takes_back, tenant, currency


def digest_of(invoice: Invoice) -> str:
    """The name by which mentions call an invoice."""
    return digest(invoice).hex()
