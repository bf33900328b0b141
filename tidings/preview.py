"""A preview: what a kind or rule would say to an event, made by the very functions that make it when it is sent.

Stages decide and dispatch run in memory until nothing waits any more, and what they order goes nowhere. What a gate
would stop is rendered and shown all the same, with the reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

from processors.as_it_stands import PEOPLE
from processors.carriers import route_of
from processors.command import command
from processors.dispatch.gates import Case, Stop, first_stop, sender
from processors.effects import Record
from processors.render import RenderError
from processors.settings import InForce, typed
from schemas.candidate import Candidate
from schemas.consent import Consent, ConsentChange
from schemas.contact import Contact
from schemas.decision import Decision
from schemas.envelope import Event
from schemas.message import Message
from schemas.state import TenantSettings
from schemas.topics import COMMANDS, CONSENT_CHANGES, DECISIONS, MESSAGES, SETTINGS
from schemas.validation import to_plain
from schemas.wire import event_from_mapping
from schemas.words import Channel, Outcome
from streams.stage import Stage
from tidings.memory import MemoryRunner
from tidings.open_purse import UP_TO_COMMANDS

LOOKS_AHEAD = timedelta(days=400)
AS_THEY_ARE = frozenset({"settings.changed", "contact.changed", "consent.changed"})
"""Events that are left out: settings, people and consents are taken as they stand now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An event, and the time at which it was read."""

    event: Event
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One message as it would leave; without one, why it cannot be worded. `stop` is what a gate says to it."""

    message_id: str
    kind: str
    channel: Channel
    to: str | None
    at: datetime
    message: Message | None
    stop: Stop | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an event comes to: messages, and decisions that nothing is said."""

    sheets: tuple[Sheet, ...]
    silences: tuple[Decision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a preview is made in: the tenant's settings, its people and what they agreed to."""

    settings: TenantSettings
    contacts: Sequence[Contact] = ()
    consents: Sequence[Consent] = field(default=())


def preview(setting: Setting, events: Sequence[Happened], kind: str | None, channel: Channel | None) -> Preview:
    """What the last event comes to, after the ones before it; of one kind and on one channel, or of all."""
    wanted = events[-1]
    runner = ready(UP_TO_COMMANDS, setting, events[0].at)
    topics = (MESSAGES.name, *(topic.name for topic in COMMANDS))
    ordered, decided = [runner.watch(topic) for topic in topics], runner.watch(DECISIONS.name)
    last = events[0].at
    for happened in events:
        run_until(runner, last, happened.at)
        last = happened.at
        runner.publish(happened.event, last)
    run_until(runner, last, last + LOOKS_AHEAD)
    known, consents = typed(setting.settings), {consent.key: consent for consent in setting.consents}
    sheets: dict[str, Sheet] = {}
    for record in (each for records in ordered for each in records):
        for sheet in _sheets(record, wanted.event, known, consents):
            sheets.setdefault(sheet.message_id, sheet)
    silences = (record.value for record in decided if isinstance(record.value, Decision))
    return Preview(
        sheets=tuple(each for each in sheets.values() if _is_of(each, kind, channel)),
        silences=tuple(
            each
            for each in silences
            if each.event_id == wanted.event.id
            and each.outcome in (Outcome.DROPPED, Outcome.CANCELLED)
            and each.message_id not in sheets
            and _is_of(each, kind, channel)
        ),
    )


def ready(stages: Sequence[Stage], setting: Setting, now: datetime) -> MemoryRunner:
    """A runner that knows the tenant's settings, its people and what they agreed to."""
    runner = MemoryRunner(stages, partitions=1)
    tenant = setting.settings.tenant
    runner.send(SETTINGS.name, tenant, setting.settings, now)
    for contact in setting.contacts:
        runner.publish(introduced(contact, tenant, now), now)
    for consent in setting.consents:
        runner.send(CONSENT_CHANGES.name, consent.key, _change(consent), now)
    return runner


def run_until(runner: MemoryRunner, start: datetime, end: datetime) -> None:
    """Fire what is due from `start` to before `end`, each at its hour; what was due before, at the start."""
    while (due := runner.next_due()) is not None and max(due, start) < end:
        runner.tick(max(due, start))


def _sheets(record: Record, event: Event, known: InForce, consents: Mapping[str, Consent]) -> Iterator[Sheet]:
    """What a record says of the event: a message that is due, or one that dispatch itself has ordered."""
    value = record.value
    if isinstance(value, Candidate) and (value.cause.event_id, value.cause.source) == (event.id, event.source):
        yield _sheet_of(value, record.now, known, consents.get(value.key))
    elif isinstance(value, Message) and value.event_id == event.id:
        yield Sheet(
            message_id=value.message_id,
            kind=value.kind,
            channel=value.channel,
            to=value.to,
            at=value.commanded_at,
            message=value,
        )


def _sheet_of(candidate: Candidate, now: datetime, known: InForce, consent: Consent | None) -> Sheet:
    """A candidate before the gates, rendered whatever they say."""
    route = route_of(candidate, known.settings, now)
    case = Case(candidate=candidate, known=known, consent=consent, now=now, route=route)
    stop, message = first_stop(case), None
    if candidate.recipient.to is not None and sender(case) is not None:
        try:
            message = command(case)
        except RenderError as error:
            stop = stop or Stop(reason=error.reason, facts=error.facts)
    return Sheet(
        message_id=candidate.message_id,
        kind=candidate.kind,
        channel=candidate.channel,
        to=candidate.recipient.to,
        at=now,
        message=message,
        stop=stop,
    )


def introduced(contact: Contact, tenant: str, now: datetime) -> Event:
    """The event that makes a contact known as it is."""
    patch = {key: value for key, value in to_plain(contact).items() if key != "id"}
    return event_from_mapping(
        {
            "id": contact.id,
            "source": PEOPLE,
            "type": "contact.changed",
            "tenant": tenant,
            "subject": contact.id,
            "time": now.isoformat(),
            "data": patch,
        }
    )


def _change(consent: Consent) -> ConsentChange:
    said = {each.name: getattr(consent, each.name) for each in fields(consent)}
    known = {each.name for each in fields(ConsentChange)}
    return ConsentChange(event_id="", **{name: value for name, value in said.items() if name in known})


def _is_of(each: Sheet | Decision, kind: str | None, channel: Channel | None) -> bool:
    return (kind is None or each.kind in (kind, None)) and (channel is None or each.channel in (channel, None))
