"""The gates that a message passes when it is due, in the contract's order; the first that fails is the reason.

Source of the order: contract section 11, Order of the gates. A gate is one question; it answers None to let through.
Caps, spend cap and credit come after the last of them: who else keeps what they count, asks them (decision 29).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from processors.carriers import Route
from processors.consent import facts_of
from processors.kind import Desk, MainPhone
from processors.local_time import on_wall_clock
from processors.quiet_hours import end_of_rest
from processors.settings import InForce
from schemas.candidate import Candidate
from schemas.clock import rfc3339
from schemas.consent import SUPPRESSED, Consent
from schemas.contact import NO_SMS
from schemas.making import made_quickly
from schemas.reasons import Reason
from schemas.rule_settings import RuleSettings
from schemas.settings import Settings
from schemas.words import Channel, Outcome


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A candidate before the gates, with what they look at.

    `first_copy` is the message by which this address gets the same already.
    """

    candidate: Candidate
    known: InForce
    consent: Consent | None
    now: datetime
    route: Route
    first_copy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A gate's refusal: dropped for good, or held until an instant."""

    reason: str
    facts: Mapping[str, object] = field(default_factory=dict)
    held_until: datetime | None = None

    @property
    def outcome(self) -> Outcome:
        """What the decision says."""
        return Outcome.DROPPED if self.held_until is None else Outcome.HELD


def first_stop(case: Case) -> Stop | None:
    """The refusal of the first gate that fails; None when all let through."""
    for gate in GATES:
        stop = gate(case)
        if stop is not None:
            return stop
    return None


def expired(case: Case) -> Stop | None:
    """At `useful_until` itself a message is still useful (section 11, Edges)."""
    until = case.candidate.useful_until
    if until is None or case.now <= until:
        return None
    return Stop(reason=Reason.EXPIRED.of(rfc3339(until)), facts={"now": rfc3339(case.now)})


def activated(case: Case) -> Stop | None:
    """A channel is active when it was requested; without a sender nothing can leave either."""
    channel = case.candidate.channel
    entry = case.known.settings.channels.get(channel)
    if entry is None or not entry.requested:
        return Stop(reason=Reason.CHANNEL_NOT_ACTIVATED, facts={f"channels.{channel}.requested": False})
    if channel not in (Channel.LETTER, Channel.WEBHOOK) and sender(case) is None:
        path = "smtp_contact_email" if entry.via == "email" else f"senders.{channel}"
        return Stop(reason=Reason.CHANNEL_NOT_ACTIVATED, facts={path: None})
    return None


def paid(case: Case) -> Stop | None:
    """`paid` absent: payment is not asked."""
    channel = case.candidate.channel
    entry = case.known.settings.channels.get(channel)
    if entry is None or entry.paid is not False:
        return None
    return Stop(reason=Reason.SMS_PAYMENT_PENDING, facts={f"channels.{channel}.paid": False})


def agreed(case: Case) -> Stop | None:
    """A support agreement includes its last day in the tenant's zone and covers every channel."""
    until = case.known.settings.support_agreement_until
    if until is None:
        return None
    today = on_wall_clock(case.now, case.known.settings.timezone).date()
    if today <= until:
        return None
    return Stop(
        reason=Reason.ENTITLEMENT_LAPSED,
        facts={"support_agreement_until": until.isoformat(), "today": today.isoformat()},
    )


def not_opted_out(case: Case) -> Stop | None:
    """A recorded opt-out of everything, of the message's category or of its programme."""
    candidate, consent = case.candidate, case.consent
    scope = consent.refused_scope(candidate.category, candidate.programme) if consent else None
    if consent is None or scope is None or candidate.is_awaited:
        return None
    facts = {"opted_out": list(consent.opted_out), **facts_of(consent, scope)}
    return Stop(reason=Reason.OPTED_OUT.of(scope), facts=facts)


def reminders_on(case: Case) -> Stop | None:
    """Very important people and other exceptions are not reminded of what is overdue (section 4, `reminders`)."""
    contact = case.candidate.contact
    if not case.candidate.needs_reminders or contact is None or contact.reminders:
        return None
    return Stop(reason=Reason.REMINDERS_OFF, facts={"contact.reminders": False})


def box_ticked(case: Case) -> Stop | None:
    """The contact's own box of this channel; it counts when the message is due, not when it was planned."""
    candidate, contact = case.candidate, case.candidate.contact
    if not candidate.needs_box or contact is None:
        return None
    ticked = contact.boxes.email if candidate.channel is Channel.EMAIL else contact.boxes.sms
    return None if ticked else Stop(reason=Reason.CONTACT_PREF_OFF, facts={f"contact.boxes.{candidate.channel}": False})


def dispatch_box_ticked(case: Case) -> Stop | None:
    """The box of this channel in the window that the sender sent from."""
    if case.candidate.dispatch_box is not False:
        return None
    return Stop(reason=Reason.DISPATCH_UNCHECKED, facts={f"boxes of the sending.{case.candidate.channel}": False})


def wants_texts(case: Case) -> Stop | None:
    """`No SMS` silences texts, calls and short codes of every kind (section 4)."""
    candidate = case.candidate
    if not candidate.channel.uses_phone or candidate.recipient.sms_alerts != NO_SMS or candidate.is_awaited:
        return None
    return Stop(reason=Reason.CONTACT_PREF_OFF, facts={"sms_alerts": NO_SMS})


def has_address(case: Case) -> Stop | None:
    """Why there is no address was found out when it was looked up."""
    recipient = case.candidate.recipient
    if recipient.to is not None:
        return None
    return Stop(reason=recipient.missing or Reason.NO_ADDRESS.of(case.candidate.channel), facts=_looked_at(case))


def _looked_at(case: Case) -> Mapping[str, object]:
    """Where an address was looked for: in a setting of the tenant, or at a person, who may not be known."""
    candidate, recipient = case.candidate, case.candidate.recipient
    kind, texts = case.known.kind(candidate.kind), case.known.settings.channels.get(Channel.SMS)
    match kind.audience if kind else None:
        case MainPhone():
            return {"main_phone": None}
        case Desk():
            is_text_by_email = texts is not None and texts.via == "email" and candidate.reply_to is None
            return {"smtp_contact_email" if is_text_by_email else "contact_email": None}
    if recipient.contact is None and recipient.staff is None:
        return {}
    return {"contact_known": candidate.contact is not None or recipient.staff is not None}


def in_programme(case: Case) -> Stop | None:
    """What is sent to the members of a programme reaches only those who joined it."""
    programme = case.candidate.programme
    joined = case.consent.opted_in if case.consent else ()
    if programme is None or programme in joined:
        return None
    return Stop(reason=Reason.NOT_OPTED_IN.of(programme), facts={"opted_in": list(joined)})


def has_carrier(case: Case) -> Stop | None:
    """Where texts go by email, the carrier must be known and its email gateway must still work (section 4)."""
    route = case.route
    return None if route.refused is None else Stop(reason=route.refused, facts=route.facts)


def not_suppressed(case: Case) -> Stop | None:
    """An address that bounced or complained, or whose owner died."""
    if case.consent is None or case.consent.suppressed is None:
        return None
    facts = {"suppressed": case.consent.suppressed, **facts_of(case.consent, SUPPRESSED)}
    return Stop(reason=Reason.SUPPRESSED.of(case.consent.suppressed), facts=facts)


def only_copy(case: Case) -> Stop | None:
    """One event makes one message of a kind to an address, however often its audience names it."""
    if case.first_copy is None:
        return None
    return Stop(reason=Reason.DUPLICATE_RECIPIENT, facts={"first": case.first_copy})


def awake(case: Case) -> Stop | None:
    """Quiet hours hold; what would be useless at their end is dropped at once."""
    candidate, quiet = case.candidate, case.known.settings.quiet_hours
    if quiet is None or candidate.channel not in quiet.channels or candidate.category in quiet.exempt:
        return None
    if candidate.is_awaited:
        return None
    own = candidate.recipient.timezone if quiet.zone == "recipient" else None
    timezone = own or case.known.settings.timezone
    until = end_of_rest(case.now, quiet.start, quiet.end, timezone)
    if until is None:
        return None
    facts = {"quiet_hours": f"{quiet.start:%H:%M}-{quiet.end:%H:%M}", "timezone": timezone, "until": rfc3339(until)}
    if candidate.useful_until is not None and until > candidate.useful_until:
        return Stop(reason=Reason.EXPIRED.of(rfc3339(candidate.useful_until)), facts=facts)
    return Stop(reason=Reason.HELD_QUIET_HOURS_UNTIL.of(rfc3339(until)), facts=facts, held_until=until)


def sender(case: Case) -> str | None:
    """The address or number that a message comes from: its own, its rule's, its programme's, or its channel's."""
    candidate, settings = case.candidate, case.known.settings
    own, programme = settings.kinds.get(candidate.kind), settings.programmes.get(candidate.programme or "")
    if candidate.sender is not None:
        return candidate.sender
    if isinstance(own, RuleSettings) and own.from_ is not None:
        return own.from_
    if programme is not None:
        return programme.short_code
    if case.route.by_email or case.route.refused:
        return settings.smtp_contact_email
    return _sender_of_channel(candidate, settings)


def _sender_of_channel(candidate: Candidate, settings: Settings) -> str | None:
    senders = settings.senders
    match candidate.channel:
        case Channel.EMAIL:
            return senders.email
        case Channel.SHORT_CODE:
            return senders.short_code
        case Channel.VOICE:
            return senders.voice or senders.sms
        case Channel.SMS:
            return senders.sms
        case _:
            return settings.name or candidate.tenant


GATES: tuple[Callable[[Case], Stop | None], ...] = (
    expired,
    activated,
    paid,
    agreed,
    reminders_on,
    not_opted_out,
    box_ticked,
    dispatch_box_ticked,
    wants_texts,
    has_address,
    in_programme,
    has_carrier,
    not_suppressed,
    only_copy,
    awake,
)
