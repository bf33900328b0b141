"""A change of a contact: the first one creates it, null erases it and all that was planned for it."""

from collections.abc import Iterator, Mapping

from processors.decide.allowance import erase_allowances
from processors.decide.former_addresses import everywhere, forget_former, former_addresses, note_left
from processors.decide.repetition import SAID_TO_ONE_CONTACT
from processors.decide.tables import BOOKINGS, CONTACTS, LOGINS, SAID
from processors.effects import Delete, Effect, Forward, Put, Record, Refuse, Tables, prefix_end, row_key
from processors.emissions import SOURCE
from processors.phones import e164
from processors.schedule import erase_plans
from processors.settings import InForce
from schemas.address import address_key
from schemas.candidate import ContactUpdate, Withdrawal
from schemas.contact import CARRIER, NO_SMS, SMS_OK, Contact
from schemas.envelope import Event
from schemas.events import Patch
from schemas.faults import Fault, Refused
from schemas.merge_patch import merge_patch
from schemas.reasons import Reason
from schemas.replacing import replace
from schemas.settings import Settings
from schemas.topics import CHARGES, MESSAGES
from schemas.validation import parse, to_plain
from schemas.values import email_from_text
from schemas.words import Channel


def on_contact_changed(event: Event, record: Record, tables: Tables, known: InForce) -> Iterator[Effect]:
    """Keep the contact as it is after this patch."""
    if not isinstance(event.data, Patch):
        raise TypeError(f"contact.changed carries a {type(event.data).__name__}")
    key = row_key(event.tenant, event.subject)
    before = tables.get(CONTACTS, key)
    if before is None and event.source == SOURCE:
        return  # Tidings changes contacts and never makes one: this one was erased meanwhile.
    if event.data.patch is None:
        yield from _erase(event, before, record, tables, known)
        return
    try:
        contact = _patched(event, before, event.data.patch, known.settings)
    except Refused as refused:
        yield Refuse(faults=refused.faults)
        return
    yield Put(table=CONTACTS, key=key, value=contact)
    if before is None or _known_at_addresses(before) != _known_at_addresses(contact):
        yield from _tell_addresses(event, before, contact, record, tables)


def _known_at_addresses(contact: Contact) -> tuple[object, ...]:
    """Who has an address, and what gates ask of a contact: it counts when a message leaves, also one that waited."""
    wishes = (contact.boxes, contact.reminders, contact.sms_alerts)
    return contact.addresses, contact.name, contact.timezone, contact.locale, wishes


def _tell_addresses(
    event: Event, before: Contact | None, contact: Contact, record: Record, tables: Tables
) -> Iterator[Effect]:
    """Tell dispatch at each address that the contact has, or had: something may be held there."""
    update = ContactUpdate(tenant=event.tenant, event_id=event.id, contact=contact)
    had = (*before.addresses, *former_addresses(event, record, tables)) if before else ()
    for key in dict.fromkeys(address_key(event.tenant, address) for address in (*had, *contact.addresses)):
        yield Forward(topic=MESSAGES.name, key=key, value=update)
    if before is not None:
        yield from forget_former(event, record, tables)
        yield from note_left(event, before, contact, record)


def _patched(event: Event, before: Contact | None, patch: Mapping[str, object], settings: Settings) -> Contact:
    base: Mapping[str, object] = to_plain(before) if before else {"id": event.subject}
    document = dict(merge_patch(base, patch))
    if document.get("id") != event.subject:
        raise Refused(Fault(path="data.id", reason=f"{document.get('id')!r} is not the subject {event.subject!r}"))
    contact = parse(Contact, document, path="data")
    faults = list(_faults(contact, settings.country))
    if faults:
        raise Refused(*faults)
    phones = tuple(replace(phone, number=e164(phone.number, settings.country)) for phone in contact.phones)
    boxes = contact.boxes
    if boxes.sms is None:
        boxes = replace(boxes, sms=settings.new_contacts.sms)
    wish = contact.sms_alerts.strip()
    return replace(contact, phones=phones, boxes=boxes, sms_alerts=wish, created_at=contact.created_at or event.time)


def _faults(contact: Contact, country: str | None) -> Iterator[Fault]:
    """What nobody could write to, and a wish about texts that nobody would understand, and so not keep to."""
    for index, phone in enumerate(contact.phones):
        try:
            e164(phone.number, country)
        except Refused as refused:
            yield Fault(path=f"data.phones.{index}.number", reason=refused.faults[0].reason)
    if contact.email:
        try:
            email_from_text(contact.email)
        except ValueError as error:
            yield Fault(path="data.email", reason=str(error))
    wish = contact.sms_alerts.strip()
    if wish not in ("", NO_SMS, SMS_OK) and not wish.startswith(CARRIER):
        reason = f"must be empty, {SMS_OK}, {NO_SMS} or {CARRIER}<name>, not {contact.sms_alerts!r}"
        yield Fault(path="data.sms_alerts", reason=reason)


def _erase(event: Event, before: Contact | None, record: Record, tables: Tables, known: InForce) -> Iterator[Effect]:
    """What waits in dispatch or at a gateway is withdrawn at each address that the contact had.

    What waits for credits is withdrawn at the purse, whatever address it is for.
    """
    yield from erase_plans(event, record, tables, known)
    yield from erase_allowances(event.tenant, event.subject, event.id, record, tables)
    yield from _forget(event, tables)
    if before is None:
        return
    yield Delete(table=CONTACTS, key=row_key(event.tenant, event.subject))
    hook = known.settings.channels.get(Channel.WEBHOOK)
    places = (*everywhere(before), *former_addresses(event, record, tables), hook.url if hook else None)
    withdrawal = Withdrawal(tenant=event.tenant, event_id=event.id, contact=before.id, reason=Reason.CANCELLED_BY_EVENT)
    yield Forward(topic=CHARGES.name, key=f"{event.tenant}|", value=withdrawal)
    for key in dict.fromkeys(address_key(event.tenant, address) for address in filter(None, places)):
        yield Forward(topic=MESSAGES.name, key=key, value=withdrawal)
    yield from forget_former(event, record, tables, all_of_them=True)


def _forget(event: Event, tables: Tables) -> Iterator[Effect]:
    """What is remembered of a contact beside its own record and its threads."""
    key = row_key(event.tenant, event.subject)
    yield Delete(table=LOGINS, key=key)
    own = row_key(key, "")
    for row, _ in tables.range(SAID, own, prefix_end(own), SAID_TO_ONE_CONTACT):
        yield Delete(table=SAID, key=row)
    for row, _ in tables.range(BOOKINGS, own, prefix_end(own), SAID_TO_ONE_CONTACT):
        yield Delete(table=BOOKINGS, key=row)
