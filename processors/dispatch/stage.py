"""The stage between due and commanded: consent, dedup, quiet hours, rendering, the order to a gateway.

Guarantee: one command per message id, however often its candidate arrives. What is held waits in a table of its
address, ordered by a timer, and passes all gates again when its hour comes.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import chain

from processors.addressees import as_wanted_now
from processors.allowance import allowance_of
from processors.carriers import route_of
from processors.command import command
from processors.decisions import decided_on_candidate, decision_on_candidate, facts_of
from processors.dispatch.correspondence import change_consent, hear
from processors.dispatch.directory import enter, forget, is_timer, note_sent, strike_off
from processors.dispatch.gates import Case, Stop, first_stop
from processors.dispatch.tables import CONSENTS, COPIES, DISPATCHED, HELD, TIMERS
from processors.effects import Delete, Effect, Forward, Put, Record, Tables, prefix_end, row_key
from processors.last_words import last_words
from processors.render import RenderError
from processors.settings import InForce, in_force, refusal_of
from processors.timers import arm, disarm, fire_due, is_due
from schemas.address import recipient_key
from schemas.allowance import Allowance, Unsayable
from schemas.billing import CreditChange, PaidBy
from schemas.candidate import Candidate, ContactUpdate, Withdrawal
from schemas.consent import ConsentChange
from schemas.inbound import Heard
from schemas.message import Message
from schemas.replacing import replace
from schemas.rule_settings import PREFIX
from schemas.state import Dispatched, FirstCopy, Held, LastSent
from schemas.topics import AUDIENCE, CHARGES, command_topic
from schemas.unsaid import Unsaid
from schemas.words import Channel, Lane, Outcome

SETTINGS_PAUSE = timedelta(seconds=1)
"""How long a candidate waits when this worker's copy of the settings is older than the one it was made under."""
REFUSED_PAUSE = timedelta(minutes=1)
"""The same where its tenant's settings are refused by this version of Tidings."""
HELD_PER_ADDRESS = 10_000


def on_message(record: Record, tables: Tables) -> Iterator[Effect]:
    """A message that is due, the withdrawal of one, or something else that an address has to know."""
    match record.value:
        case Candidate() as candidate:
            return _take(candidate, record, tables)
        case Withdrawal() as withdrawal:
            return _withdraw(withdrawal, record, tables)
        case ContactUpdate() as update:
            return _update(update, record, tables)
        case LastSent() as sent:
            return note_sent(sent, record.key, tables)
        case Heard() as heard:
            return _answer(heard, record, tables)
        case _:
            return iter(())


def on_consent_change(record: Record, tables: Tables) -> Iterator[Effect]:
    """What an address agreed to, as it stands now."""
    change = record.value
    if not isinstance(change, ConsentChange):
        raise TypeError(f"topic {record.topic} carries a {type(change).__name__}, not a ConsentChange")
    yield from change_consent(change, record, tables)


def on_tick(record: Record, tables: Tables) -> Iterator[Effect]:
    """Messages whose hold is over pass the gates again."""
    yield from fire_due(TIMERS, tables, record.now, partial(_wake, record, tables))


def _wake(record: Record, tables: Tables, row: str) -> Iterator[Effect]:
    if is_timer(row):
        yield from forget(row, record, tables)
        return
    held = tables.get(HELD, row)
    if held is not None and is_due(held.until, record.now):  # a timer that was put back may come before its time
        yield Delete(table=HELD, key=row)
        yield from _dispatch(held.candidate, record, tables)


def _take(candidate: Candidate, record: Record, tables: Tables) -> Iterator[Effect]:
    """Unless it was here before; what waited for credits comes once more, and was decided on meanwhile."""
    if tables.get(HELD, row_key(candidate.key, candidate.message_id)) is not None:
        return iter(())
    dispatched = tables.get(DISPATCHED, candidate.message_id)
    if dispatched is not None and (candidate.unpaid_since is None or candidate.decided <= dispatched.decided):
        return iter(())
    return _dispatch(candidate, record, tables)


def _answer(heard: Heard, record: Record, tables: Tables) -> Iterator[Effect]:
    reply = yield from hear(heard, record, tables)
    if reply is not None:
        yield from _dispatch(reply, record, tables)


def _dispatch(candidate: Candidate, record: Record, tables: Tables) -> Iterator[Effect]:
    known = in_force(tables, candidate.tenant)
    if known is None or known.version < candidate.settings_version:
        pause = REFUSED_PAUSE if refusal_of(tables, candidate.tenant) else SETTINGS_PAUSE
        return _hold(candidate, Held(candidate=candidate, reason="", until=record.now + pause))
    copy = _copy_row(candidate)
    first = tables.get(COPIES, copy) if copy else None
    case = Case(
        candidate=candidate,
        known=known,
        consent=tables.get(CONSENTS, candidate.key),
        now=record.now,
        route=route_of(candidate, known.settings, record.now),
        first_copy=first.message_id if first and first.message_id != candidate.message_id else None,
    )
    become = _become(case, record, tables)
    if copy is None or first is not None:
        return become
    return chain((Put(COPIES, copy, FirstCopy(message_id=candidate.message_id)),), become)


def _copy_row(candidate: Candidate) -> str | None:
    """The row of what this address got first of the same, if its audience may name an address twice.

    That of a rule may, and so may staff. Each contact is meant in person.
    """
    to, cause = candidate.recipient, candidate.cause
    if not to.to or (to.staff is None and not candidate.kind.startswith(PREFIX)):
        return None
    return row_key(candidate.key, cause.source, cause.event_id, candidate.kind, candidate.channel)


def _become(case: Case, record: Record, tables: Tables) -> Iterator[Effect]:
    """What becomes of a candidate: it is commanded, held, or dropped."""
    candidate, known = case.candidate, case.known
    stop = first_stop(case)
    if stop is None:
        try:
            return _send(command(case), candidate, record, known, tables)
        except RenderError as error:
            stop = Stop(reason=error.reason, facts=error.facts)
            allowance = allowance_of(candidate, known.settings)
            if allowance is not None and candidate.unpaid_since is None:
                return _unsayable(candidate, stop, allowance, record, known)
    return _stopped(candidate, stop, record, known)


def _send(message: Message, candidate: Candidate, record: Record, known: InForce, tables: Tables) -> Iterator[Effect]:
    """Command a message; or ask its recipient's allowance first, or its tenant's purse, and they command it.

    What waited for credits goes to the purse, whatever it costs by now: credits are reserved for it there.
    """
    limited, was_unpaid = message.allowance is not None, candidate.unpaid_since is not None
    topic, key = message.topic, message.key
    if message.charge is not None and message.charge.paid_by is PaidBy.CREDITS:
        message = replace(message, candidate=candidate)
    if limited and not was_unpaid:
        yield Forward(AUDIENCE.name, message.recipient_key, message)
    elif was_unpaid or (message.charge is not None and message.charge.needs_leave):
        yield Forward(CHARGES.name, f"{message.tenant}|", message)
    else:
        yield Forward(topic, key, message)
        yield decided_on_candidate(candidate, record, known, outcome=Outcome.SENT, facts=facts_of(message))
    dispatched = Dispatched(
        at=record.now,
        command_topic=topic,
        recipient_key=message.recipient_key if limited else None,
        decided=candidate.decided,
    )
    yield Put(DISPATCHED, candidate.message_id, dispatched)
    said = None if limited else last_words(message, record.now)
    if said is not None:
        yield from note_sent(said, key, tables)


def _unsayable(
    candidate: Candidate, stop: Stop, allowance: Allowance, record: Record, known: InForce
) -> Iterator[Effect]:
    """Caps come before rendering: whether this is the reason is known where they are counted."""
    made = decision_on_candidate(candidate, record, known, outcome=stop.outcome, reason=stop.reason, facts=stop.facts)
    unsayable = Unsayable(decision=made, category=candidate.category, allowance=allowance)
    to = candidate.recipient
    key = recipient_key(candidate.tenant, to.contact, to.staff, to.to or "")
    yield Forward(topic=AUDIENCE.name, key=key, value=unsayable)
    yield Put(table=DISPATCHED, key=candidate.message_id, value=Dispatched(at=record.now))


def _stopped(candidate: Candidate, stop: Stop, record: Record, known: InForce) -> Iterator[Effect]:
    yield decided_on_candidate(
        candidate,
        record,
        known,
        outcome=stop.outcome,
        reason=stop.reason,
        facts=stop.facts,
        due=stop.held_until,
    )
    if stop.held_until is not None:
        decided = replace(candidate, decided=candidate.decided + 1)
        yield from _hold(candidate, Held(candidate=decided, reason=stop.reason, until=stop.held_until))
        return
    yield from _end(candidate, record)
    kind, to = known.kind(candidate.kind), candidate.recipient
    if kind is not None and kind.once_per is not None and to.contact and to.to:
        yield _unsaid(candidate, to.contact)


def _unsaid(candidate: Candidate, contact: str) -> Forward:
    """What the contact is told only once may be tried again: nobody was told."""
    unsaid = Unsaid(
        tenant=candidate.tenant,
        event_id=candidate.cause.event_id,
        contact=contact,
        message_id=candidate.message_id,
    )
    return Forward(topic=AUDIENCE.name, key=f"{candidate.tenant}|{contact}", value=unsaid)


def _end(candidate: Candidate, record: Record) -> Iterator[Effect]:
    """A message that is dropped here gives back the credits that were reserved for it."""
    dispatched = Dispatched(at=record.now, decided=candidate.decided)
    yield Put(table=DISPATCHED, key=candidate.message_id, value=dispatched)
    if candidate.unpaid_since is not None:
        unused = CreditChange(
            tenant=candidate.tenant,
            event_id=candidate.cause.event_id,
            credits=0,
            message_id=candidate.message_id,
        )
        yield Forward(topic=CHARGES.name, key=f"{candidate.tenant}|", value=unused)


def _hold(candidate: Candidate, held: Held) -> Iterator[Effect]:
    row = row_key(candidate.key, candidate.message_id)
    yield Put(table=HELD, key=row, value=held)
    yield arm(TIMERS, held.until, row, since=candidate.due)


def _update(update: ContactUpdate, record: Record, tables: Tables) -> Iterator[Effect]:
    """What is held for a contact passes the gates with what the contact wants now."""
    yield enter(update, record.key)
    prefix = row_key(record.key, "")
    for row, held in tables.range(HELD, prefix, prefix_end(prefix), HELD_PER_ADDRESS):
        candidate, contact = held.candidate, update.contact
        if candidate.recipient.contact == contact.id:
            yield Put(table=HELD, key=row, value=replace(held, candidate=as_wanted_now(candidate, contact)))


def _withdraw(withdrawal: Withdrawal, record: Record, tables: Tables) -> Iterator[Effect]:
    """What is held is dropped here; what was commanded is withdrawn at its gateway."""
    if withdrawal.contact is not None:
        yield from strike_off(withdrawal.contact, record.key, tables)
    prefix = row_key(record.key, "")
    for row, held in tables.range(HELD, prefix, prefix_end(prefix), HELD_PER_ADDRESS):
        candidate = held.candidate
        named = candidate.message_id == withdrawal.message_id
        if not named and (withdrawal.contact is None or candidate.recipient.contact != withdrawal.contact):
            continue
        yield Delete(table=HELD, key=row)
        yield disarm(TIMERS, held.until, row, since=candidate.due)
        yield from _end(candidate, record)
        yield decided_on_candidate(
            candidate,
            record,
            in_force(tables, candidate.tenant),
            outcome=Outcome.CANCELLED,
            reason=withdrawal.reason,
            facts={"by_event": withdrawal.event_id},
        )
    yield Forward(topic=CHARGES.name, key=f"{withdrawal.tenant}|", value=withdrawal)
    if withdrawal.message_id is None:
        for topic in gateways_of(record.key):
            yield Forward(topic=topic, key=record.key, value=withdrawal)
        return
    dispatched = tables.get(DISPATCHED, withdrawal.message_id)
    if dispatched is not None and dispatched.recipient_key is not None:
        yield Forward(topic=AUDIENCE.name, key=dispatched.recipient_key, value=withdrawal)
    if dispatched is not None and dispatched.command_topic is not None:
        yield Forward(topic=dispatched.command_topic, key=record.key, value=withdrawal)


def gateways_of(key: str) -> Iterator[str]:
    """The topics of all commands that may go to the address of this key: a web, mail or postal one, or a number."""
    address = key.partition("|")[2]
    if address.startswith("https://"):
        channels: tuple[Channel, ...] = (Channel.WEBHOOK,)
    elif "@" in address:
        channels = (Channel.EMAIL,)
    elif address.startswith("+"):
        channels = (Channel.SMS, Channel.SHORT_CODE, Channel.VOICE, Channel.EMAIL)
    else:
        channels = (Channel.LETTER,)
    for channel in channels:
        for lane in Lane:
            yield command_topic(channel, lane)
