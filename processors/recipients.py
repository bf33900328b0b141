"""Recipients: who gets a message and under which address, looked up when the message is due (contract section 4)."""

from collections.abc import Mapping
from datetime import datetime

from processors.identity import message_id
from processors.kind import Kind, MainPhone
from processors.phones import dialled
from processors.settings import InForce
from schemas.candidate import Candidate, Cause, Recipient
from schemas.contact import Contact
from schemas.reasons import Reason
from schemas.settings_sections import StaffMember
from schemas.words import Channel


def candidate_for(
    kind: Kind,
    channel: Channel,
    cause: Cause,
    tenant: str,
    contact: Contact | None,
    due: datetime,
    known: InForce,
    *,
    known_as: str | None = None,
    recipient: Recipient | None = None,
    useful_until: datetime | None = None,
    variables: Mapping[str, object] | None = None,
    about: str | None = None,
) -> Candidate:
    """A message about `contact` (None: unknown), to that contact or to `recipient`; `about` tells it from others."""
    own = known.settings.kinds[kind.name]
    to = recipient or contact_recipient(contact, cause.subject, channel, own.number or kind.number)
    return Candidate(
        message_id=known_as or message_id(kind.name, channel, cause, tenant, about or _told_apart(to, cause)),
        tenant=tenant,
        kind=kind.name,
        channel=channel,
        recipient=to,
        cause=cause,
        due=due,
        category=own.category,
        lane=kind.lane,
        in_doubt=kind.in_doubt,
        settings_version=known.version,
        contact=contact,
        useful_until=useful_until,
        variables={**(variables or {}), **kind.variables(cause, own)},
        needs_reminders=kind.asks_for_reminders,
        needs_box=kind.asks_for_boxes,
        dispatch_box=_dispatch_box(kind, channel, cause),
        programme=kind.programme,
        is_awaited=kind.is_awaited,
        sender=_caller(kind, cause, known),
    )


def _caller(kind: Kind, cause: Cause, known: InForce) -> str | None:
    """The number that a call which is transferred came from; None where it was withheld."""
    if not isinstance(kind.audience, MainPhone):
        return None
    return dialled(str(cause.data.get(kind.audience.caller)), Channel.VOICE, known.settings.country)


def _told_apart(to: Recipient, cause: Cause) -> str:
    return f"staff:{to.staff}" if to.staff else cause.subject


def _dispatch_box(kind: Kind, channel: Channel, cause: Cause) -> bool | None:
    box = cause.data.get(kind.dispatch_boxes[channel]) if channel in kind.dispatch_boxes else None
    return box if isinstance(box, bool) else None


def staff_with_role(role: str, channel: Channel, known: InForce) -> list[Recipient]:
    """Every member of staff with this role, with the address on this channel."""
    members = [member for member in known.settings.staff if role in member.roles]
    addresses = [_address_of_staff(member, channel) for member in members]
    return [
        Recipient(to=to, name=member.name, staff=member.id, missing=None if to else Reason.NO_ADDRESS.of(channel))
        for member, to in zip(members, addresses, strict=True)
    ]


def _address_of_staff(member: StaffMember, channel: Channel) -> str | None:
    """The settings know no postal address of staff, and no web address."""
    if channel is Channel.EMAIL:
        return member.email
    return member.phone if channel.uses_phone else None


def contact_recipient(contact: Contact | None, subject: str, channel: Channel, number: str) -> Recipient:
    """The contact `subject` with the address on this channel; None for one we do not know."""
    if contact is None:
        return Recipient(contact=subject or None, missing=_missing(channel, number))
    to = _address(contact, channel, number)
    return Recipient(
        to=to,
        name=contact.name,
        contact=contact.id,
        timezone=contact.timezone,
        locale=contact.locale,
        sms_alerts=contact.sms_alerts,
        missing=None if to else _missing(channel, number),
    )


def _address(contact: Contact, channel: Channel, number: str) -> str | None:
    if channel is Channel.EMAIL:
        return contact.email or None
    if channel is Channel.LETTER:
        return contact.postal_address
    phone = contact.phone(number)
    return phone.number if phone else None


def _missing(channel: Channel, number: str) -> str:
    if not channel.uses_phone:
        return Reason.NO_ADDRESS.of(channel)
    return Reason.NO_PRIMARY_PHONE if number == "primary" else Reason.NO_MOBILE_NUMBER
