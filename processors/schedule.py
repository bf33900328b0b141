"""Stop 4 of 9 — schedule. Before: decide. After: render. Messages that wait for their hour.

A plan is one row, its timer another; moving and cancelling touch these two rows only. A plan that has left stays until
its message is useless, so that what waits in dispatch or at a gateway can still be withdrawn.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from processors.addressees import CONTACT, Addressee, addressees, on_its_way
from processors.decide.tables import CONTACTS, PLANS, THREADS, TIMERS
from processors.decisions import decided_on_plan
from processors.effects import Delete, Effect, Forward, Put, Record, Tables, prefix_end, row_key
from processors.emissions import withdraw_emissions
from processors.identity import message_id
from processors.kind import AtOnce, Kind
from processors.occasion import Occasion
from processors.recipients import candidate_for
from processors.settings import InForce, in_force, refusal_of
from processors.timers import arm, disarm, is_due
from schemas.candidate import Candidate, Withdrawal
from schemas.envelope import Event
from schemas.reasons import Reason
from schemas.replacing import replace, replace_struct
from schemas.state import Plan
from schemas.topics import MESSAGES
from schemas.words import Channel, Outcome

PLANS_OF_ONE_CONTACT = 10_000
"""How many rows of one contact a scan takes; nobody has so many messages waiting."""
SETTINGS_PAUSE = timedelta(minutes=1)
"""How long a plan that is due waits where its tenant's settings are refused by this version of Tidings."""
WITHDRAWABLE = timedelta(days=30)
"""How long a message that is never useless may wait at a gateway, for credits or for the end of quiet hours."""


def plan(
    kind: Kind,
    channel: Channel,
    due: datetime,
    useful_until: datetime | None,
    occasion: Occasion,
    facts: Mapping[str, object],
    occurrence: str = "",
    to: str | None = None,
) -> tuple[Effect, ...]:
    """Let a message wait until `due`; one of the same thread, kind, channel, occurrence and entry was withdrawn."""
    event, cause = occasion.event, occasion.cause
    about = event.subject if to in (None, CONTACT) else to or ""
    row = plan_row(kind, channel, occasion.thread, event, occurrence or (to or ""))
    planned = Plan(
        message_id=message_id(kind.name, channel, cause, event.tenant, about, occurrence),
        tenant=event.tenant,
        subject=event.subject,
        kind=kind.name,
        channel=channel,
        cause=cause,
        due=due,
        useful_until=useful_until,
        variables=occasion.data,
        occurrence=occurrence,
        to=to,
        decided=1,
    )
    return (
        Put(PLANS, row, planned),
        arm(TIMERS, due, row_key("plan", row)),
        decided_on_plan(planned, occasion.record, occasion.known, outcome=Outcome.SCHEDULED, facts=facts, number=1),
    )


def plan_row(kind: Kind, channel: Channel, thread: str, event: Event, occurrence: str = "") -> str:
    """Where a plan about the event's contact is kept."""
    row = row_key(event.tenant, event.subject, thread, kind.name, channel)
    return row_key(row, occurrence) if occurrence else row


def fire(row: str, record: Record, tables: Tables) -> Iterator[Effect]:
    """A plan's hour has come: its message goes to dispatch; or it has become useless and is forgotten."""
    planned = tables.get(PLANS, row)
    if planned is None or not is_due(_woken_at(planned), record.now):
        return
    if planned.address_key is not None:
        yield Delete(table=PLANS, key=row)
        return
    known = in_force(tables, planned.tenant)
    if known is None and refusal_of(tables, planned.tenant):
        yield arm(TIMERS, record.now + SETTINGS_PAUSE, row_key("plan", row))
        return
    if known is None:
        raise LookupError(
            f"the settings of tenant {planned.tenant!r} are gone while message {planned.message_id} waits"
        )
    kind = known.kind(planned.kind)
    if kind is None:
        yield Delete(PLANS, row)
        facts = {"rules": f"{planned.kind} is there no more"}
        reason = Reason.SETTING_OFF.of("rules")
        yield decided_on_plan(planned, record, known, outcome=Outcome.DROPPED, reason=reason, facts=facts)
        return
    kept_until = _kept_until(planned, kind, record.now)
    if kept_until is None:
        yield Delete(PLANS, row)
    for number, candidate in enumerate(_candidates(planned, kind, tables, known)):
        if number == 0 and candidate.message_id != planned.message_id:  # a role of staff, which has members by now
            reason = Reason.COALESCED_INTO.of(candidate.message_id)
            yield decided_on_plan(planned, record, known, outcome=Outcome.COALESCED, reason=reason)
        yield on_its_way(candidate)
        if kept_until is not None:
            kept = row if number == 0 else row_key(row, str(number))
            left = replace_struct(
                planned, message_id=candidate.message_id, address_key=candidate.key, kept_until=kept_until
            )
            yield Put(PLANS, kept, left)
            yield arm(TIMERS, kept_until, row_key("plan", kept))


def _woken_at(planned: Plan) -> datetime:
    """When the plan's own timer fires: one that was put back may be older than the plan, which moved meanwhile."""
    if planned.address_key is None:
        return planned.due
    return planned.kept_until or planned.useful_until or planned.due


def _candidates(planned: Plan, kind: Kind, tables: Tables, known: InForce) -> Iterator[Candidate]:
    """The messages of a plan: one, or one for each whom its entry means; never none."""
    cause, tenant, channel = planned.cause, planned.tenant, planned.channel
    contact = tables.get(CONTACTS, row_key(tenant, planned.subject))
    known_id, meant = planned.message_id, [Addressee(about=planned.subject)]
    if planned.to is not None:
        meant = addressees(planned.to, channel, cause, planned.variables, known)
    for addressee in meant:
        if planned.to is not None:
            known_id = message_id(kind.name, channel, cause, tenant, addressee.about, planned.occurrence)
        candidate = candidate_for(
            kind,
            channel,
            cause,
            tenant,
            contact,
            planned.due,
            known,
            known_as=known_id,
            recipient=addressee.recipient,
            useful_until=planned.useful_until,
            variables=planned.variables,
        )
        is_planned = known_id == planned.message_id
        yield replace_struct(candidate, decided=planned.decided) if is_planned else candidate


def _kept_until(planned: Plan, kind: Kind, now: datetime) -> datetime | None:
    """How long what has left may be withdrawn: until it is useless, or a while if only its thread can end it."""
    if planned.useful_until is None:
        return None if kind.thread is None else now + WITHDRAWABLE
    return planned.useful_until if planned.useful_until > now else None


def withdraw_thread(
    event: Event, thread: str, reason: str, record: Record, tables: Tables, known: InForce
) -> tuple[list[Effect], int]:
    """Withdraw all of one thread of a contact; returns also how many messages still waited for their hour."""
    return _withdraw(row_key(event.tenant, event.subject, thread, ""), event, reason, record, tables, known)


def erase_plans(event: Event, record: Record, tables: Tables, known: InForce) -> Iterator[Effect]:
    """Withdraw all that waits for a contact, and forget its threads."""
    prefix = row_key(event.tenant, event.subject, "")
    withdrawn, _ = _withdraw(prefix, event, Reason.CANCELLED_BY_EVENT, record, tables, known)
    yield from withdrawn
    for key, _ in tables.range(THREADS, prefix, prefix_end(prefix), PLANS_OF_ONE_CONTACT):
        yield Delete(table=THREADS, key=key)


def held_plans(thread: str, occasion: Occasion) -> list[tuple[str, Plan]]:
    """What would have left at once but is held, of one thread of the event's contact."""
    prefix = row_key(occasion.event.tenant, occasion.event.subject, thread, "")
    rows = occasion.tables.range(PLANS, prefix, prefix_end(prefix), PLANS_OF_ONE_CONTACT)
    return [(row, planned) for row, planned in rows if _is_held(planned, occasion.known)]


def drop_held(thread: str, reason: str, occasion: Occasion) -> Iterator[Effect]:
    """What is held is not said."""
    for row, planned in held_plans(thread, occasion):
        yield Delete(table=PLANS, key=row)
        yield disarm(TIMERS, planned.due, row_key("plan", row))
        facts = {"by_event": occasion.event.id}
        yield decided_on_plan(
            planned, occasion.record, occasion.known, outcome=Outcome.DROPPED, reason=reason, facts=facts
        )


def release_held(thread: str, occasion: Occasion) -> Iterator[Effect]:
    """What is held is said now."""
    for row, planned in held_plans(thread, occasion):
        yield disarm(TIMERS, planned.due, row_key("plan", row))
        yield Put(table=PLANS, key=row, value=replace(planned, due=occasion.record.now))
        yield from fire(row, occasion.record, occasion.tables)


def _is_held(planned: Plan, known: InForce) -> bool:
    kind = known.kind(planned.kind)
    return planned.address_key is None and kind is not None and isinstance(kind.channels.get(planned.channel), AtOnce)


def _withdraw(
    prefix: str, event: Event, reason: str, record: Record, tables: Tables, known: InForce
) -> tuple[list[Effect], int]:
    effects = withdraw_emissions(prefix, tables)
    waited = 0
    for row, planned in tables.range(PLANS, prefix, prefix_end(prefix), PLANS_OF_ONE_CONTACT):
        if reason == Reason.RESCHEDULED_BY_EVENT and not _answers(planned, event, known):
            continue
        effects.append(Delete(PLANS, row))
        timer = row_key("plan", row)
        if planned.address_key is None:
            waited += 1
            facts = {"by_event": event.id}
            ended = decided_on_plan(planned, record, known, outcome=Outcome.CANCELLED, reason=reason, facts=facts)
            effects += (disarm(TIMERS, planned.due, timer), ended)
            continue
        kept_until = planned.kept_until or planned.useful_until
        if kept_until is not None:
            effects.append(disarm(TIMERS, kept_until, timer))
        withdrawal = Withdrawal(message_id=planned.message_id, tenant=planned.tenant, event_id=event.id, reason=reason)
        effects.append(Forward(MESSAGES.name, planned.address_key, withdrawal))
    return effects, waited


def _answers(planned: Plan, event: Event, known: InForce) -> bool:
    """Whether the plan's kind plans anew because of this event; what it does not count anew is not moved."""
    kind = known.kind(planned.kind)
    return kind is None or event.type in kind.on
