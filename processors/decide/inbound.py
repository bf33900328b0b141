"""What people say to a tenant: the word that they ask with, or the text that the tenant is to read.

It goes to the stage that owns the address it came from, which knows whose it is and what that address agreed to.
"""

from collections.abc import Iterator
from dataclasses import replace

from processors.asking import Asked, asked_on_long_number, asked_on_short_code, is_short_code
from processors.decide.objections import dropped, switched_off
from processors.decide.tables import CONTACTS
from processors.effects import Effect, Forward, row_key
from processors.kind import Kind, Writer
from processors.occasion import Occasion
from processors.phones import canonical_address
from processors.recipients import candidate_for
from schemas.candidate import Candidate, Recipient
from schemas.consent import ConsentChange, Means
from schemas.events.inbound import InboundSms
from schemas.inbound import Heard
from schemas.reasons import Reason
from schemas.topics import MESSAGES
from schemas.words import Channel


def hear(kind: Kind, occasion: Occasion) -> Iterator[Effect]:
    """What one of the kinds for inbound texts says: exactly one of them answers a text."""
    said = occasion.event.data
    if not isinstance(said, InboundSms):
        raise TypeError(f"{occasion.event.type} carries a {type(said).__name__}, not an InboundSms")
    settings = occasion.known.settings
    number = canonical_address(said.to, settings.country)
    on_code = is_short_code(number)
    asked = asked_on_short_code(said.text, number, settings) if on_code else asked_on_long_number(said.text)
    if (asked is not None) != isinstance(kind.audience, Writer):
        return
    address = canonical_address(said.from_, settings.country)
    if asked is None:
        yield from _pass_on(kind, address, occasion)
    else:
        channel = Channel.SHORT_CODE if on_code else Channel.SMS
        yield from _answer(kind, asked, address, channel, number, occasion)


def _answer(
    kind: Kind, asked: Asked, address: str, channel: Channel, number: str, occasion: Occasion
) -> Iterator[Effect]:
    """A keyword takes hold also where its confirmation is off."""
    off = switched_off(kind, occasion)
    if off:
        yield dropped(kind, occasion, channel, off)
    recipient = _who(address, occasion)
    message = replace(_candidate(kind, channel, recipient, occasion), variables=asked.variables, sender=number)
    event = occasion.event
    change = ConsentChange(
        tenant=event.tenant,
        address=address,
        event_id=event.id,
        opts_out=asked.opts_out,
        lifts=asked.lifts,
        joins=asked.joins,
        leaves=asked.leaves,
        means=Means.KEYWORD,
    )
    yield _on_its_way(
        Heard(
            tenant=event.tenant,
            address=address,
            cause=occasion.cause,
            message=None if off else message,
            change=None if asked.changes_nothing else change,
            silences=asked.silences,
        )
    )


def _pass_on(kind: Kind, address: str, occasion: Occasion) -> Iterator[Effect]:
    """The tenant reads it by email: where texts go by email themselves, at the address that they come from."""
    off = switched_off(kind, occasion)
    if off:
        yield dropped(kind, occasion, Channel.EMAIL, off)
        return
    settings = occasion.known.settings
    texts = settings.channels.get(Channel.SMS)
    by_email = texts is not None and texts.via == "email"
    desk = settings.smtp_contact_email if by_email else settings.contact_email
    recipient = Recipient(to=desk, missing=None if desk else Reason.NO_ADDRESS.of(Channel.EMAIL))
    message = replace(_candidate(kind, Channel.EMAIL, recipient, occasion), variables={"number": address})
    yield _on_its_way(Heard(tenant=occasion.event.tenant, address=address, cause=occasion.cause, message=message))


def _candidate(kind: Kind, channel: Channel, recipient: Recipient, occasion: Occasion) -> Candidate:
    event = occasion.event
    return candidate_for(
        kind,
        channel,
        occasion.cause,
        event.tenant,
        occasion.tables.get(CONTACTS, row_key(event.tenant, event.subject)),
        occasion.record.now,
        occasion.known,
        recipient=recipient,
    )


def _who(address: str, occasion: Occasion) -> Recipient:
    return Recipient(to=address, contact=occasion.event.subject or None)


def _on_its_way(heard: Heard) -> Forward:
    return Forward(topic=MESSAGES.name, key=heard.key, value=heard)
