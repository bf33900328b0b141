"""What was said from an address: consent follows at once, and the answer knows who said it and what it answers."""

from collections.abc import Generator, Iterator

from processors.consent import after
from processors.decisions import decided_on_candidate
from processors.dispatch.directory import last_sent, listed
from processors.dispatch.tables import CONSENTS, DISPATCHED, HELD
from processors.effects import Effect, Forward, Put, Record, Tables, row_key
from processors.emissions import SOURCE
from processors.identity import emitted_id
from processors.settings import in_force
from schemas.candidate import Candidate
from schemas.clock import rfc3339
from schemas.consent import EVERYTHING, Consent, ConsentChange, Means
from schemas.contact import NO_SMS, SMS_OK
from schemas.envelope import Event
from schemas.events import Patch
from schemas.inbound import Heard
from schemas.reasons import Reason
from schemas.replacing import replace
from schemas.state import Dispatched, Listing
from schemas.topics import CONSENTS as CONSENTS_TOPIC
from schemas.topics import EVENTS, MESSAGES
from schemas.words import Outcome


def change_consent(change: ConsentChange, record: Record, tables: Tables) -> Generator[Effect, None, Consent]:
    """Keep what the address agreed to, and tell gateways; returns it as it stands now."""
    stands = after(tables.get(CONSENTS, change.key), change, record.now)
    yield Put(table=CONSENTS, key=change.key, value=stands)
    yield Forward(topic=CONSENTS_TOPIC.name, key=change.key, value=stands)
    return stands


def hear(heard: Heard, record: Record, tables: Tables) -> Generator[Effect, None, Candidate | None]:
    """Change what was asked for; returns the answer to this very address, if there is one to be sent."""
    if heard.message is not None and _is_known(heard.message, tables):
        return None
    before = tables.get(CONSENTS, heard.key)
    people = listed(heard.key, tables)
    if heard.change is not None:
        stands = yield from change_consent(_as_far_as_it_reaches(heard, heard.change, before), record, tables)
        yield from _tell_contacts(heard, before, stands, people)
    if heard.message is None:
        return None
    message = _complete(heard.message, heard, people, record, tables)
    if message.key != heard.key:
        yield Forward(topic=MESSAGES.name, key=message.key, value=message)
        return None
    repeated = _refused_already(heard.change, before)
    if repeated is None:
        return message
    yield Put(table=DISPATCHED, key=message.message_id, value=Dispatched(at=record.now))
    yield decided_on_candidate(
        message,
        record,
        in_force(tables, heard.tenant),
        outcome=Outcome.DROPPED,
        reason=Reason.OPTED_OUT.of(repeated),
        facts={"opted_out": list(before.opted_out) if before else [], "repeated": True},
    )
    return None


def _as_far_as_it_reaches(heard: Heard, change: ConsentChange, before: Consent | None) -> ConsentChange:
    """START to a short code, which unsilences nobody, lifts `all` only after STOPALL (contract section 11, START)."""
    if heard.silences is not None or EVERYTHING not in change.lifts:
        return change
    saying = before.saying(EVERYTHING) if before else None
    if saying is not None and saying.means is Means.STOP_ALL:
        return change
    return replace(change, lifts=tuple(scope for scope in change.lifts if scope != EVERYTHING))


def _is_known(message: Candidate, tables: Tables) -> bool:
    held = tables.get(HELD, row_key(message.key, message.message_id))
    return held is not None or tables.get(DISPATCHED, message.message_id) is not None


def _refused_already(change: ConsentChange | None, before: Consent | None) -> str | None:
    """The scope by which all that this opts out of was opted out of before; a repeated STOP is not answered again."""
    if change is None or before is None or not change.opts_out:
        return None
    if EVERYTHING in before.opted_out:
        return EVERYTHING
    return change.opts_out[0] if set(change.opts_out) <= set(before.opted_out) else None


def _complete(message: Candidate, heard: Heard, people: list[Listing], record: Record, tables: Tables) -> Candidate:
    """The message with what only the address knows."""
    if message.key == heard.key:
        contact = message.recipient.contact or (people[0].contact if people else None)
        return replace(message, recipient=replace(message.recipient, contact=contact))
    own = [message.contact.name] if message.contact and message.contact.name else []
    names = own or [listing.name for listing in people if listing.name]
    last = last_sent(heard.key, record, tables)
    answers = {"words": last.words, "at": rfc3339(last.at)} if last else None
    return replace(message, variables={**message.variables, "people": names, "answers": answers})


def _tell_contacts(heard: Heard, before: Consent | None, stands: Consent, people: list[Listing]) -> Iterator[Effect]:
    """STOP and START stand in `sms_alerts` of every contact who has the number, too (contract section 8)."""
    was_silent = before is not None and EVERYTHING in before.opted_out
    is_lifted = was_silent and EVERYTHING not in stands.opted_out
    for listing in people:
        if heard.silences and listing.sms_alerts != NO_SMS:
            yield _contact_changed(heard, listing.contact, NO_SMS)
        elif is_lifted or (heard.silences is False and listing.sms_alerts == NO_SMS):
            yield _contact_changed(heard, listing.contact, SMS_OK)


def _contact_changed(heard: Heard, contact: str, sms_alerts: str) -> Forward:
    cause, changed = heard.cause, "contact.changed"
    event = Event(
        id=emitted_id(
            tenant=heard.tenant, source=cause.source, event_id=cause.event_id, subject=contact, event_type=changed
        ),
        source=SOURCE,
        type=changed,
        tenant=heard.tenant,
        subject=contact,
        time=cause.time,
        data=Patch(patch={"sms_alerts": sms_alerts}),
    )
    return Forward(topic=EVENTS.name, key=event.key, value=event)
