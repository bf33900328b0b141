"""From a record between two stages to notes: what calls for a decision, what ends it, what others are to know."""

from collections.abc import Iterator
from dataclasses import replace

from schemas.allowance import PlaceGivenBack
from schemas.answered import Answered
from schemas.billing import CreditChange
from schemas.candidate import Candidate, ContactUpdate, Withdrawal
from schemas.clock import rfc3339
from schemas.consent import ConsentChange
from schemas.inbound import Heard
from schemas.portion import Portion
from schemas.replacing import replace_struct
from schemas.reports import LaterReport, Unsubscribed, Whereabouts
from schemas.state import LastSent, TenantSettings
from schemas.topics import CHARGES
from tidings.audit.notes import Note, What, digest, thing
from tidings.audit.placed import Placed

Effect = CreditChange | ConsentChange | ContactUpdate | LaterReport | TenantSettings | Unsubscribed | Withdrawal
Following = Whereabouts | PlaceGivenBack | CreditChange | LastSent


def on_way(record: Placed, plain: Note) -> Iterator[Note]:
    """What was keyed anew: an event that reaches a contact, a message that is due, and what others are to know."""
    match record.value:
        case Portion(contacts=(contact,)) as portion:
            about = thing("event", portion.tenant, portion.event_id)
            yield replace(plain, about=about, what=What.PORTION, text=contact)
        case Answered() as answered:
            about = thing("event", answered.tenant, answered.event_id)
            yield replace(plain, about=about, what=What.ANSWERED, text=str(answered.outcomes))
        case ContactUpdate() as update:
            yield effect(update, plain)
        case Candidate() as candidate:
            yield _on_candidate(candidate, record, plain)
        case Heard() as heard:
            if heard.message is not None:
                yield _on_candidate(heard.message, record, plain)
            if heard.change is not None:
                yield replace(plain, about=thing("address", heard.key), what=What.CHANGE, value=heard.change)
        case other:
            yield from _on_end(other, record, plain)


def _on_end(value: object, record: Placed, plain: Note) -> Iterator[Note]:
    """What ends a message, and what follows from that; and credits that were bought."""
    match value:
        case CreditChange(message_id=None) as bought:
            yield effect(bought, plain)
        case CreditChange(message_id=str(message_id)) as unused:
            yield replace(plain, about=thing("message", message_id), what=What.END, text=record.topic)
            yield following(unused, record, plain)
        case PlaceGivenBack() | LastSent() as told:
            yield following(told, record, plain)
        case Withdrawal() as withdrawal:
            yield from on_withdrawal(withdrawal, record, plain)


def effect(value: Effect, plain: Note) -> Note:
    """That a record names the event that it comes from."""
    return replace(plain, about=thing("event", value.tenant, value.event_id), what=What.EFFECT)


def following(value: Following, record: Placed, plain: Note) -> Note:
    """A record that follows from what was reported of a message, or decided on it."""
    said = digest(value, record.topic, record.key, record.at)
    about = thing("message", str(value.message_id))
    return replace(plain, about=about, what=What.FOLLOWED, text=type(value).__name__, digest=said)


def on_withdrawal(withdrawal: Withdrawal, record: Placed, plain: Note) -> Iterator[Note]:
    """The order not to send: of one message, on its way through the stages to its gateway, or of all of one contact."""
    yield effect(withdrawal, plain)
    # At the purse one of many addresses is as good as another: they are counted (`tidings.audit.followed`).
    said = b"" if record.topic == CHARGES.name else digest(withdrawal, record.topic, record.key, record.at)
    plain = replace(plain, text="\0".join((record.topic, record.key, digest(withdrawal).hex())), digest=said)
    if withdrawal.message_id is None:
        yield replace(plain, about=thing("erasure", withdrawal.tenant, withdrawal.event_id), what=What.ERASURE)
        return
    about = thing("message", withdrawal.message_id)
    yield replace(plain, about=about, what=What.RECALL)
    if not record.topic.startswith("delivery.commands"):
        yield replace(plain, about=about, what=What.END, text=record.topic, digest=b"")


def _on_candidate(candidate: Candidate, record: Placed, plain: Note) -> Note:
    """How many decisions came before it, and until when it is of use."""
    until = rfc3339(candidate.useful_until) if candidate.useful_until else ""
    about = thing("message", candidate.message_id)
    said = digest(record.value, record.topic, record.key, record.at)
    cause = replace(candidate.cause, data={})
    slim = replace_struct(candidate, contact=None, variables={}, cause=cause)
    text = f"{candidate.decided} {until}"
    return replace(plain, about=about, what=What.CANDIDATE, text=text, value=slim, digest=said)
