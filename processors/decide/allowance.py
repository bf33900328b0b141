"""Whether a recipient may get one more message of its category: counted once, over all channels and addresses.

Dispatch sends each message here whose category has caps, when all gates before them have let it through. Places are
given in the order in which messages ask; a message takes one when it leaves. One that has to ask its tenant's purse
first keeps its place while it asks, and what asks for the last place meanwhile waits for the answer: so nothing is
dropped for a place that comes free again. Contract sections 3 (`caps`) and 11 (order of the gates: caps, rendering,
spend cap, credit).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from processors.allowance import places_row, used_up
from processors.decide.tables import ASKED, CONTACTS, PLACES, QUEUED
from processors.decisions import decided_on_message, facts_of, say
from processors.effects import Delete, Effect, Forward, Put, Record, Tables, prefix_end, row_key
from processors.last_words import last_words
from schemas.allowance import Allowance, PlaceGivenBack, Unsayable
from schemas.billing import CreditChange
from schemas.candidate import Withdrawal
from schemas.clock import sortable, to_millis
from schemas.message import Message
from schemas.places import Asked, Place, Places, Queued
from schemas.reasons import Reason
from schemas.replacing import replace
from schemas.topics import CHARGES, MESSAGES
from schemas.words import Outcome

KEPT_FOR = timedelta(days=9)
"""A week, and the two days by which clocks of the earth can differ from each other."""
QUEUED_PER_RECIPIENT = 10_000


def hear(about: Message | Unsayable | PlaceGivenBack | Withdrawal, record: Record, tables: Tables) -> Iterator[Effect]:
    """Whatever asks for a place of a recipient, or gives one up."""
    match about:
        case Message():
            return ask(about, record, tables)
        case Unsayable():
            return ask_unsayable(about, record, tables)
        case PlaceGivenBack():
            return give_back(about, record, tables)
        case Withdrawal():
            return withdraw(about, record, tables)


def ask(message: Message, record: Record, tables: Tables) -> Iterator[Effect]:
    """A message that asks for a place, or that comes back from its tenant's purse; the same again changes nothing."""
    asked = tables.get(ASKED, message.message_id)
    if asked is not None and (asked.is_over or not _allowance(message).is_paid):
        return
    yield from _place(message, record, tables)
    yield from _next(_row(message), record, tables)


def ask_unsayable(unsayable: Unsayable, record: Record, tables: Tables) -> Iterator[Effect]:
    """A message that cannot be rendered takes no place; caps come before rendering, so they may be the reason."""
    decision = unsayable.decision
    name = decision.message_id or ""
    if tables.get(ASKED, name) is not None:
        return
    row = places_row(decision.tenant, decision.contact, decision.staff, decision.to or "", unsayable.category)
    facts = used_up(unsayable.allowance, unsayable.category, _left(_taken(row, tables)), record.now)
    yield Put(table=ASKED, key=name, value=Asked(at=record.now, places=row, is_over=True))
    yield say(replace(decision, reason=Reason.FREQUENCY_CAPPED, facts=facts) if facts else decision)


def give_back(given: PlaceGivenBack, record: Record, tables: Tables) -> Iterator[Effect]:
    """A message that does not leave, or not yet, frees its place."""
    asked = tables.get(ASKED, given.message_id)
    if asked is None:
        return
    taken = _taken(asked.places, tables)
    if any(each.message_id == given.message_id for each in taken):
        yield _keep(asked.places, (each for each in taken if each.message_id != given.message_id), record)
        yield from _next(asked.places, record, tables)


def withdraw(withdrawal: Withdrawal, record: Record, tables: Tables) -> Iterator[Effect]:
    """What is queued is dropped; what asks its tenant's purse is withdrawn there, on the way that it has gone."""
    asked = tables.get(ASKED, withdrawal.message_id or "")
    if asked is None or asked.is_over:
        return
    for row, queued in _queued(asked.places, tables):
        if queued.message.message_id == withdrawal.message_id:
            yield Delete(table=QUEUED, key=row)
            yield from _cancelled(queued.message, record, withdrawal.reason, withdrawal.event_id)
    yield Forward(topic=CHARGES.name, key=f"{withdrawal.tenant}|", value=withdrawal)


def erase_allowances(tenant: str, contact: str, event_id: str, record: Record, tables: Tables) -> Iterator[Effect]:
    """Forget what a contact got, and drop what is queued for it."""
    own = row_key(f"{tenant}|{contact}", "contact", "")
    for row, queued in tables.range(QUEUED, own, prefix_end(own), QUEUED_PER_RECIPIENT):
        yield Delete(table=QUEUED, key=row)
        yield from _cancelled(queued.message, record, Reason.CANCELLED_BY_EVENT, event_id)
    for row, _ in tables.range(PLACES, own, prefix_end(own), QUEUED_PER_RECIPIENT):
        yield Delete(table=PLACES, key=row)


def _place(message: Message, record: Record, tables: Tables) -> Iterator[Effect]:
    """The one place that decides. A place that the message itself has kept is free for it."""
    allowance, row = _allowance(message), _row(message)
    others = tuple(each for each in _taken(row, tables) if each.message_id != message.message_id)
    facts = used_up(allowance, message.category, _left(others), record.now)
    is_asking = not allowance.is_paid and message.charge is not None and message.charge.needs_leave
    place = Place(message_id=message.message_id, at=record.now, is_asking=is_asking)
    if _is_erased(message, tables):
        yield from _cancelled(message, record, Reason.CANCELLED_BY_EVENT, None)
    elif facts is not None:
        yield _keep(row, others, record)
        yield from _refused(message, record, Outcome.DROPPED, Reason.FREQUENCY_CAPPED, facts)
    elif used_up(allowance, message.category, others, record.now) is not None:
        yield _keep(row, others, record)
        yield _asked(message, record)
        queued = Queued(message=message, since=record.now)
        yield Put(table=QUEUED, key=row_key(row, sortable(to_millis(record.now)), message.message_id), value=queued)
    elif is_asking:
        yield _keep(row, (*others, place), record)
        yield _asked(message, record)
        yield Forward(topic=CHARGES.name, key=f"{message.tenant}|", value=message)
    else:
        yield _keep(row, (*others, place), record)
        yield from _leave(message, record)


def _next(row: str, record: Record, tables: Tables) -> Iterator[Effect]:
    """What is queued asks again, in the order in which it came, unless a place is still in doubt."""
    for queued_row, queued in _queued(row, tables):
        allowance, taken = _allowance(queued.message), _taken(row, tables)
        in_doubt = used_up(allowance, queued.message.category, taken, record.now) is not None
        if in_doubt and used_up(allowance, queued.message.category, _left(taken), record.now) is None:
            return
        yield Delete(table=QUEUED, key=queued_row)
        yield from _place(queued.message, record, tables)


def _leave(message: Message, record: Record) -> Iterator[Effect]:
    leaving = replace(message, commanded_at=record.now)
    yield _asked(leaving, record, is_over=True)
    yield Forward(topic=leaving.topic, key=leaving.key, value=leaving)
    yield decided_on_message(leaving, record, outcome=Outcome.SENT, facts=facts_of(leaving))
    said = last_words(leaving, record.now)
    if said is not None:
        yield Forward(topic=MESSAGES.name, key=leaving.key, value=said)


def _cancelled(message: Message, record: Record, reason: str, event_id: str | None) -> Iterator[Effect]:
    facts = {"by_event": event_id} if event_id else {"contact": None}
    yield from _refused(message, record, Outcome.CANCELLED, reason, facts)


def _refused(
    message: Message, record: Record, outcome: Outcome, reason: str, facts: Mapping[str, object]
) -> Iterator[Effect]:
    """What was paid gets its money back."""
    yield _asked(message, record, is_over=True)
    yield decided_on_message(message, record, outcome=outcome, reason=reason, facts=facts)
    if _allowance(message).is_paid:
        unused = CreditChange(
            tenant=message.tenant, event_id=message.event_id, credits=0, message_id=message.message_id
        )
        yield Forward(topic=CHARGES.name, key=f"{message.tenant}|", value=unused)


def _is_erased(message: Message, tables: Tables) -> bool:
    """Whether the contact was erased since its message was on its way."""
    return message.contact is not None and tables.get(CONTACTS, row_key(message.tenant, message.contact)) is None


def _asked(message: Message, record: Record, *, is_over: bool = False) -> Effect:
    asked = Asked(at=record.now, places=_row(message), is_over=is_over)
    return Put(table=ASKED, key=message.message_id, value=asked)


def _keep(row: str, places: Iterable[Place], record: Record) -> Effect:
    kept = tuple(each for each in places if each.at > record.now - KEPT_FOR)
    return Put(table=PLACES, key=row, value=Places(taken=kept)) if kept else Delete(table=PLACES, key=row)


def _taken(row: str, tables: Tables) -> tuple[Place, ...]:
    places = tables.get(PLACES, row)
    return places.taken if places else ()


def _left(places: Iterable[Place]) -> Iterator[Place]:
    return (each for each in places if not each.is_asking)


def _queued(row: str, tables: Tables) -> list[tuple[str, Queued]]:
    own = row_key(row, "")
    return tables.range(QUEUED, own, prefix_end(own), QUEUED_PER_RECIPIENT)


def _row(message: Message) -> str:
    address = message.number or message.to
    return places_row(message.tenant, message.contact, message.staff, address, message.category)


def _allowance(message: Message) -> Allowance:
    if message.allowance is None:
        raise LookupError(f"message {message.message_id} asks for a place without an allowance")
    return message.allowance
