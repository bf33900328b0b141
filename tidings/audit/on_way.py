"""From a record between two stages to notes: what calls for a decision, what ends it, what others are to know."""

from collections.abc import Iterator
from contextlib import suppress

from processors.decide.answer import cause_of
from processors.decide.batches import divide, has_arrived
from processors.effects import Forward, Record
from schemas.address import address_key
from schemas.allowance import PlaceGivenBack, Unsayable
from schemas.answered import Answered
from schemas.billing import CreditChange
from schemas.candidate import Candidate, Cause, ContactUpdate, Withdrawal
from schemas.clock import from_millis, rfc3339
from schemas.consent import ConsentChange
from schemas.envelope import Event
from schemas.faults import Refused
from schemas.inbound import Heard
from schemas.message import Message
from schemas.portion import Portion
from schemas.replacing import replace, replace_struct
from schemas.reports import LaterReport, Unsubscribed, Whereabouts
from schemas.state import LastSent, TenantSettings
from schemas.topics import CHARGES
from schemas.unsaid import Unsaid
from schemas.wire import event_from_mapping
from tidings.audit.causes import changed_in, said_of
from tidings.audit.notes import Note, What, digest, thing
from tidings.audit.placed import Placed

Effect = CreditChange | ConsentChange | ContactUpdate | LaterReport | TenantSettings | Unsubscribed | Withdrawal
_NO_TIME = from_millis(0)
Following = Whereabouts | PlaceGivenBack | CreditChange | LastSent | Unsaid


def on_way(record: Placed, plain: Note) -> Iterator[Note]:
    """What was keyed anew: an event that reaches a contact, a message that is due, and what others are to know."""
    match record.value:
        case Portion() as portion:
            yield from _on_portion(portion, record, plain)
        case Answered() as answered:
            about, said = thing("event", answered.tenant, answered.event_id), said_at(record)
            yield replace(plain, about=about, what=What.ANSWERED, text=str(answered.outcomes), digest=said)
        case ContactUpdate() as update:
            about, said = thing("event", update.tenant, update.event_id), said_at(record)
            addresses = (address_key(update.tenant, each) for each in update.contact.addresses)
            text = "\0".join((digest(update).hex(), record.key, *addresses))
            yield replace(plain, about=about, what=What.UPDATE, text=text, digest=said)
        case Candidate() as candidate:
            yield from on_candidate(candidate, record, plain)
        case Heard() as heard:
            yield _on_cause(heard.tenant, heard.cause, plain)
            if heard.message is not None:
                yield from on_candidate(heard.message, record, plain)
            if heard.change is not None:
                yield replace(plain, about=thing("address", heard.key), what=What.CHANGE, value=heard.change)
        case other:
            yield from _on_question(other, record, plain)


def _on_question(value: object, record: Placed, plain: Note) -> Iterator[Note]:
    """An event at its own contact, and what asks its recipient's allowance or its tenant's purse."""
    match value:
        case Event() as event:
            yield _on_cause(event.tenant, cause_of(event), plain)
        case Message() as message:
            yield _on_asking(message, record, plain)
        case Unsayable() as unsayable:
            about = thing("message", str(unsayable.decision.message_id))
            number, said = str(unsayable.decision.number), said_at(record)
            yield replace(plain, about=about, what=What.UNSAYABLE, text=number, value=unsayable.decision, digest=said)
        case other:
            yield from _on_end(other, record, plain)


def said_at(record: Placed) -> bytes:
    """What tells a record from others on its topic; only a repetition has the same."""
    return digest(record.value, record.topic, record.key, record.at)


def _on_portion(portion: Portion, record: Placed, plain: Note) -> Iterator[Note]:
    """For whom the event is; one that is for many is divided by the stage's own function."""
    about, said = thing("event", portion.tenant, portion.event_id), said_at(record)
    alone = portion.contacts[0] if len(portion.contacts) == 1 else ""
    yield replace(plain, about=about, what=What.PORTION, text=alone, digest=said)
    with suppress(Refused):  # another portion says what it was
        yield _on_cause(portion.tenant, cause_of(event_from_mapping(portion.event)), plain)
    if has_arrived(portion, Record(record.topic, record.key, portion, record.at)):
        return
    for effect_ in divide(portion):
        if isinstance(effect_, Forward):
            owed = digest(effect_.value, effect_.topic, effect_.key, record.at)
            yield replace(plain, about=about, what=What.DIVIDED, text=owed.hex())


def _on_cause(tenant: str, cause: Cause, plain: Note) -> Note:
    """What an event is said to have been; who hears of it in another's place is its subject there."""
    about = thing("event", tenant, cause.event_id)
    return replace(plain, about=about, what=What.CAUSE, text=f"{cause.subject}\0{said_of(cause)}")


def _on_asking(message: Message, record: Placed, plain: Note) -> Note:
    """A message that asks its recipient's allowance or its tenant's purse, or that comes back from there."""
    allowance = message.allowance
    paid = "" if allowance is None else "paid" if allowance.is_paid else "limited"
    text = "\0".join((record.topic, str(message.decided), paid, words_of(message).hex()))
    return replace(
        plain, about=thing("message", message.message_id), what=What.ASKED, text=text, digest=said_at(record)
    )


def words_of(message: Message) -> bytes:
    """All of a message that stays as it is from its rendering on."""
    allowance = message.allowance and replace(message.allowance, is_paid=False)
    return digest(replace_struct(message, commanded_at=_NO_TIME, candidate=None, allowance=allowance))


def _on_end(value: object, record: Placed, plain: Note) -> Iterator[Note]:
    """What ends a message, and what follows from that; and credits that were bought."""
    match value:
        case CreditChange(message_id=None) as bought:
            yield effect(bought, record, plain)
        case CreditChange(message_id=str(message_id)) as unused:
            yield replace(plain, about=thing("message", message_id), what=What.END, text=record.topic)
            yield following(unused, record, plain)
        case PlaceGivenBack() | LastSent() | Unsaid() as told:
            yield following(told, record, plain)
        case Withdrawal() as withdrawal:
            yield from on_withdrawal(withdrawal, record, plain)


def effect(value: Effect, record: Placed, plain: Note) -> Note:
    """That a record names the event that it comes from, and what it says of it."""
    about, said = thing("event", value.tenant, value.event_id), said_at(record)
    name = type(value).__name__ + (
        " known" if getattr(value, "type", None) and getattr(value, "message_id", None) else ""
    )
    return replace(plain, about=about, what=What.EFFECT, text=f"{name}\0{changed_in(value)}", value=None, digest=said)


def following(value: Following, record: Placed, plain: Note) -> Note:
    """A record that follows from what was reported of a message, or decided on it."""
    about, text = thing("message", str(value.message_id)), type(value).__name__
    return replace(plain, about=about, what=What.FOLLOWED, text=text, digest=said_at(record))


def on_withdrawal(withdrawal: Withdrawal, record: Placed, plain: Note) -> Iterator[Note]:
    """The order not to send: of one message, on its way through the stages to its gateway, or of all of one contact."""
    yield replace(effect(withdrawal, record, plain), digest=b"")
    # At the purse one of many addresses is as good as another: they are counted (`tidings.audit.followed`).
    said = b"" if record.topic == CHARGES.name else said_at(record)
    plain = replace(plain, text="\0".join((record.topic, record.key, digest(withdrawal).hex())), digest=said)
    if withdrawal.message_id is None:
        yield replace(plain, about=thing("erasure", withdrawal.tenant, withdrawal.event_id), what=What.ERASURE)
        return
    about = thing("message", withdrawal.message_id)
    yield replace(plain, about=about, what=What.RECALL)
    if not record.topic.startswith("delivery.commands"):
        yield replace(plain, about=about, what=What.END, text=record.topic, digest=b"")


def on_candidate(candidate: Candidate, record: Placed, plain: Note) -> Iterator[Note]:
    """How many decisions came before it, and until when it is of use; and the event that it comes from."""
    until = rfc3339(candidate.useful_until) if candidate.useful_until else ""
    about, is_answer = thing("message", candidate.message_id), isinstance(record.value, Heard)
    sort = "answer" if is_answer else "released" if candidate.unpaid_since else ""
    text = " ".join((str(candidate.decided), until, sort))
    value = _to_be_ordered(candidate)
    yield replace(plain, about=about, what=What.CANDIDATE, text=text, value=value, digest=said_at(record))
    if not is_answer:
        yield _on_cause(candidate.tenant, candidate.cause, plain)


def _to_be_ordered(candidate: Candidate) -> Message:
    """What is due as it would be commanded, as far as that is known before: without words."""
    recipient, cause = candidate.recipient, candidate.cause
    return Message(
        message_id=candidate.message_id,
        tenant=candidate.tenant,
        kind=candidate.kind,
        channel=candidate.channel,
        to=recipient.to or "",
        from_="",
        event_id=cause.event_id,
        lane=candidate.lane,
        category=candidate.category,
        in_doubt=candidate.in_doubt,
        text="",
        settings_version=candidate.settings_version,
        template_version="",
        commanded_at=candidate.due,
        contact=recipient.contact,
        staff=recipient.staff,
        actor=cause.actor,
        useful_until=candidate.useful_until,
        programme=candidate.programme,
        decided=candidate.decided,
        among=candidate.among,
    )
