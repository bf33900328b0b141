"""Addressees: who is meant by the entries of an audience that is a list, looked up when the message is due."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from processors.effects import Forward
from processors.kind import Addressed, Kind
from processors.phones import dialled
from processors.recipients import contact_recipient, staff_with_role
from processors.settings import InForce
from processors.timing import told
from schemas.candidate import Candidate, Cause, Recipient
from schemas.contact import Contact
from schemas.reasons import Reason
from schemas.replacing import replace
from schemas.topics import AUDIENCE, MESSAGES
from schemas.words import Channel

CONTACT = "contact"
_NUMBER = "primary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """One who is meant: `about` tells the messages of one cause apart; `recipient` unset is the event's contact."""

    about: str
    recipient: Recipient | None = None


def entries_of(kind: Kind) -> tuple[str | None, ...]:
    """The entries of the kind's audience, each once; None stands for an audience that is no list."""
    if not isinstance(kind.audience, Addressed):
        return (None,)
    return tuple(dict.fromkeys(kind.audience.to))


def addressees(
    entry: str, channel: Channel, cause: Cause, data: Mapping[str, object], known: InForce
) -> list[Addressee]:
    """Those whom one entry means; a member of staff each, where it is a role of staff."""
    word, _, rest = entry.partition(":")
    match word if rest or entry == CONTACT else "":
        case "contact":
            is_posted = channel is Channel.WEBHOOK
            return [Addressee(about=cause.subject, recipient=_at_hook(cause.subject, known) if is_posted else None)]
        case "staff":
            found = staff_with_role(rest, channel, known)
            nobody = Recipient(missing=Reason.NO_ADDRESS.of(channel))
            members = [Addressee(about=f"staff:{member.staff}", recipient=member) for member in found]
            return members or [Addressee(about=entry, recipient=nobody)]
        case "role":
            return [Addressee(about=entry, recipient=_in_role(rest, channel, data, known))]
        case "field":
            return [Addressee(about=entry, recipient=_in_field(rest, channel, data, known))]
        case _:
            return [Addressee(about=entry, recipient=_at(entry, channel, known))]


def on_its_way(candidate: Candidate) -> Forward:
    """The message goes to dispatch; for another contact, first to where that contact's address is known."""
    to = candidate.recipient
    if to.to is None and to.missing is None and to.contact is not None:
        return Forward(topic=AUDIENCE.name, key=f"{candidate.tenant}|{to.contact}", value=candidate)
    return Forward(topic=MESSAGES.name, key=candidate.key, value=candidate)


def addressed(candidate: Candidate, contact: Contact | None) -> Iterator[Forward]:
    """A message for another contact than its event's, now with that contact's address; or one that waited for credits.

    One that waited keeps its address, as what waits for the end of quiet hours does.
    """
    if candidate.unpaid_since is not None:
        ready = as_wanted_now(candidate, contact) if contact else candidate
        yield Forward(topic=MESSAGES.name, key=ready.key, value=ready)
        return
    to = contact_recipient(contact, candidate.recipient.contact or "", candidate.channel, _NUMBER)
    ready = replace(candidate, recipient=to)
    yield Forward(topic=MESSAGES.name, key=ready.key, value=ready)


def as_wanted_now(candidate: Candidate, contact: Contact) -> Candidate:
    """A message that waited, with what its recipient wants by now."""
    recipient = replace(
        candidate.recipient,
        name=contact.name,
        timezone=contact.timezone,
        locale=contact.locale,
        sms_alerts=contact.sms_alerts,
    )
    about = contact if candidate.contact and candidate.contact.id == contact.id else candidate.contact
    return replace(candidate, recipient=recipient, contact=about)


def _at_hook(contact: str, known: InForce) -> Recipient:
    """People have no web address: what is posted about one of them goes to the tenant's own."""
    entry = known.settings.channels.get(Channel.WEBHOOK)
    to = entry.url if entry else None
    return Recipient(to=to, contact=contact or None, missing=None if to else Reason.NO_ADDRESS.of(Channel.WEBHOOK))


def _in_role(name: str, channel: Channel, data: Mapping[str, object], known: InForce) -> Recipient:
    roles = data.get("roles")
    contact = roles.get(name) if isinstance(roles, Mapping) else None
    if isinstance(contact, str) and contact:
        return _at_hook(contact, known) if channel is Channel.WEBHOOK else Recipient(contact=contact)
    return Recipient(missing=Reason.NO_ADDRESS.of(f"field:roles.{name}"))


def _in_field(path: str, channel: Channel, data: Mapping[str, object], known: InForce) -> Recipient:
    found = told(data, path)
    if channel is Channel.LETTER and isinstance(found, list) and all(isinstance(line, str) for line in found):
        found = "\n".join(found)
    to = dialled(found, channel, known.settings.country) if isinstance(found, str) else None
    return Recipient(to=to, missing=None if to else Reason.NO_ADDRESS.of(f"field:{path}"))


def _at(address: str, channel: Channel, known: InForce) -> Recipient:
    to = dialled(address, channel, known.settings.country)
    return Recipient(to=to, missing=None if to else Reason.NO_ADDRESS.of(channel))
