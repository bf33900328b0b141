"""What people say to a tenant: the word that they ask with, or the text that the tenant is to read.

It goes to the stage that owns the address it came from, which knows whose it is and what that address agreed to.
"""

from collections.abc import Iterator
from email.utils import parseaddr

from processors.asking import Asked, asked_on_long_number, asked_on_short_code, is_short_code
from processors.carriers import texted_from
from processors.decide.objections import dropped, switched_off
from processors.decide.reports import report_in
from processors.decisions import decided
from processors.effects import Effect, Forward
from processors.inbound_mail import MailSort, own_words, sort_of
from processors.kind import Kind, Writer
from processors.occasion import Occasion
from processors.phones import canonical_address
from processors.recipients import candidate_for
from schemas.candidate import Candidate, Recipient
from schemas.consent import MARKETING, ConsentChange, Means
from schemas.events.inbound import InboundEmail, InboundSms
from schemas.inbound import Heard
from schemas.reasons import Reason
from schemas.replacing import replace
from schemas.topics import CONSENT_CHANGES, MESSAGES
from schemas.words import Channel, Outcome


def hear(kind: Kind, occasion: Occasion) -> Iterator[Effect]:
    """What one of the kinds for what people say answers: exactly one of them does."""
    match occasion.event.data:
        case InboundSms() as text:
            yield from _hear_text(kind, text.text, text.to.strip(), text.from_, occasion)
        case InboundEmail() as mail:
            yield from _hear_mail(kind, mail, occasion)
        case said:
            raise TypeError(f"{occasion.event.type} carries a {type(said).__name__}, which nobody said")


def _hear_text(kind: Kind, text: str, number: str, writer: str, occasion: Occasion) -> Iterator[Effect]:
    settings = occasion.known.settings
    address = canonical_address(writer, settings.country)
    on_code = is_short_code(number, settings)
    number = number if on_code else canonical_address(number, settings.country)
    asked = asked_on_short_code(text, number, settings) if on_code else asked_on_long_number(text)
    if (asked is not None) != isinstance(kind.audience, Writer):
        return
    if asked is None:
        yield from _pass_on(kind, address, occasion)
        return
    channel = Channel.SHORT_CODE if on_code else Channel.SMS
    yield from _answer(kind, asked, address, _who(address, channel, occasion), channel, occasion, sender=number)


def _hear_text_by_email(kind: Kind, text: str, writer: str, sms_alerts: str, occasion: Occasion) -> Iterator[Effect]:
    """Its answer goes back as it came: through the carrier's email gateway."""
    asked = asked_on_long_number(text)
    if (asked is not None) != isinstance(kind.audience, Writer):
        return
    if asked is None:
        yield from _pass_on(kind, writer, occasion)
        return
    recipient = replace(_who(writer, Channel.SMS, occasion), sms_alerts=sms_alerts)
    yield from _answer(kind, asked, writer, recipient, Channel.SMS, occasion, sender=None)


def _hear_mail(kind: Kind, mail: InboundEmail, occasion: Occasion) -> Iterator[Effect]:
    """A text that came by email is one; of mails, the tenant reads what a person wrote."""
    event, address = occasion.event, parseaddr(mail.from_)[1].strip()
    texted = texted_from(address)
    if texted is not None:
        yield from _hear_text_by_email(kind, own_words(mail.text), *texted, occasion)
        return
    if isinstance(kind.audience, Writer):
        return
    sort = sort_of(mail)
    if sort is MailSort.PERSONAL and address.lower() != (occasion.known.settings.contact_email or "").lower():
        yield from _pass_on(kind, address, occasion, reply_to=address)
        return
    facts = {"understood_as": sort if sort is not MailSort.PERSONAL else "mail of the tenant itself"}
    yield decided(
        event, occasion.record, occasion.known, outcome=Outcome.DROPPED, reason=Reason.NO_RULE_MATCHED, facts=facts
    )
    if sort is MailSort.UNSUBSCRIBE:
        change = ConsentChange(
            tenant=event.tenant, address=address, event_id=event.id, opts_out=(MARKETING,), means=Means.MAIL
        )
        yield Forward(topic=CONSENT_CHANGES.name, key=change.key, value=change)
    elif sort is MailSort.REPORT:
        yield from report_in(mail.text, event)


def _answer(
    kind: Kind,
    asked: Asked,
    address: str,
    recipient: Recipient,
    channel: Channel,
    occasion: Occasion,
    *,
    sender: str | None,
) -> Iterator[Effect]:
    """A keyword takes hold also where its confirmation is off."""
    off = switched_off(kind, occasion)
    if off:
        yield dropped(kind, occasion, channel, off)
    message = replace(_candidate(kind, channel, recipient, occasion), variables=asked.variables, sender=sender)
    event = occasion.event
    change = ConsentChange(
        tenant=event.tenant,
        address=address,
        event_id=event.id,
        opts_out=asked.opts_out,
        lifts=asked.lifts,
        joins=asked.joins,
        leaves=asked.leaves,
        means=asked.means,
    )
    yield _on_its_way(
        Heard(
            tenant=event.tenant,
            address=address,
            cause=occasion.cause,
            message=None if off else message,
            change=None if asked.changes_nothing or not address else change,
            silences=asked.silences,
        )
    )


def _pass_on(kind: Kind, address: str, occasion: Occasion, reply_to: str | None = None) -> Iterator[Effect]:
    """The tenant reads it by email: where texts go by email themselves, at the address that they come from."""
    off = switched_off(kind, occasion)
    if off:
        yield dropped(kind, occasion, Channel.EMAIL, off)
        return
    settings = occasion.known.settings
    texts = settings.channels.get(Channel.SMS)
    by_email = texts is not None and texts.via == "email" and reply_to is None
    desk = settings.smtp_contact_email if by_email else settings.contact_email
    recipient = Recipient(to=desk, missing=None if desk else Reason.NO_ADDRESS.of(Channel.EMAIL))
    candidate = _candidate(kind, Channel.EMAIL, recipient, occasion)
    message = replace(candidate, variables={"number": address}, reply_to=reply_to)
    yield _on_its_way(Heard(tenant=occasion.event.tenant, address=address, cause=occasion.cause, message=message))


def _candidate(kind: Kind, channel: Channel, recipient: Recipient, occasion: Occasion) -> Candidate:
    event = occasion.event
    return candidate_for(
        kind,
        channel,
        occasion.cause,
        event.tenant,
        occasion.contact,
        occasion.record.now,
        occasion.known,
        recipient=recipient,
    )


def _who(address: str, channel: Channel, occasion: Occasion) -> Recipient:
    """Who wrote; a name in place of a number, as banks and shops write with, cannot be answered."""
    contact = occasion.event.subject or None
    if not address.removeprefix("+").isdecimal():
        return Recipient(contact=contact, missing=Reason.NO_ADDRESS.of(channel))
    return Recipient(to=address, contact=contact)


def _on_its_way(heard: Heard) -> Forward:
    return Forward(topic=MESSAGES.name, key=heard.key, value=heard)
