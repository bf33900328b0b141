"""Stop 6 of 9 — command. Before: render. After: gateway. The order to a gateway: a message with all its words."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from processors.allowance import allowance_of
from processors.billing import charge_of
from processors.brands import BRAND, brand_of, letterhead
from processors.dispatch.gates import Case, sender
from processors.invitation import invitations
from processors.look_alikes import rewrite
from processors.render import Rendered, RenderError, Words, built_in, render
from processors.segments import pack
from processors.variables import who_is_who
from processors.webhook_payload import payload
from processors.wording import LOCALE, TIMEZONE
from schemas import codec
from schemas.candidate import Candidate
from schemas.clock import rfc3339
from schemas.making import made_quickly
from schemas.message import File, Message
from schemas.reasons import Reason
from schemas.rule_settings import PREFIX, RuleSettings
from schemas.settings import Settings
from schemas.validation import to_plain
from schemas.words import Channel

KEYWORD_REPLY = "keyword_reply"
"""The kind whose texts bear no footer: it says itself how to stop."""
LARGEST_MESSAGE_BYTES = 800_000
"""As it is encoded. Its command, and the row in which it waits for credits, have to fit one record of Kafka's."""
_MOST_BYTES_OF_CHARACTER = 4


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A text as it leaves: with its footer, and packed where the channel counts segments.

    `rewritten` are the characters that `smart_encoding` replaced.
    """

    text: str
    segments: int | None = None
    encoding: str | None = None
    rewritten: tuple[str, ...] = ()


def command(case: Case) -> Message:
    """Render a candidate that all gates let through; raises RenderError when it cannot be said, or carried."""
    message = _worded(case)
    characters = len(message.subject or "") + len(message.text) + len(message.html or "")
    characters += sum(len(file.content) for file in message.attachments) if message.attachments else 0
    if _MOST_BYTES_OF_CHARACTER * characters > LARGEST_MESSAGE_BYTES // 2:
        size = len(codec.encode(message))
        if size > LARGEST_MESSAGE_BYTES:
            facts = {"error": f"the message has {size} bytes, and at most {LARGEST_MESSAGE_BYTES} are sent"}
            raise RenderError(Reason.RENDER_ERROR, facts)
    return message


def _worded(case: Case) -> Message:
    candidate, settings = case.candidate, case.known.settings
    words = words_for(candidate, settings)
    rendered = render(words, variables_of(candidate, settings, words.names))
    text = rendered.text if words.says_something else payload(candidate)
    if not text and candidate.channel.uses_phone:
        raise RenderError(Reason.RENDER_ERROR, {"error": "the message says nothing"})
    return _message(case, words.version, rendered, body_of(text, candidate, settings))


def _message(case: Case, template_version: str, rendered: Rendered, body: Body) -> Message:
    candidate, settings = case.candidate, case.known.settings
    recipient, cause = candidate.recipient, candidate.cause
    to, from_, number = _addresses(case)
    return Message(
        message_id=candidate.message_id,
        tenant=candidate.tenant,
        kind=candidate.kind,
        channel=candidate.channel,
        to=to,
        number=number,
        to_name=recipient.name,
        from_=from_,
        reply_to=candidate.reply_to or (settings.senders.reply_to if candidate.channel is Channel.EMAIL else None),
        contact=recipient.contact,
        staff=recipient.staff,
        event_id=cause.event_id,
        actor=cause.actor,
        lane=candidate.lane,
        category=candidate.category,
        in_doubt=candidate.in_doubt,
        subject=rendered.subject,
        text=body.text,
        html=rendered.html,
        attachments=_attachments(candidate, body.text, from_, settings) if candidate.channel is Channel.EMAIL else (),
        segments=body.segments,
        encoding=body.encoding,
        useful_until=candidate.useful_until,
        settings_version=case.known.version,
        template_version=template_version,
        commanded_at=case.now,
        locale=_locale(candidate, settings),
        charge=charge_of(body.text, to, candidate.channel, body.segments, settings),
        rewritten=body.rewritten,
        programme=candidate.programme,
        allowance=allowance_of(candidate, settings),
        decided=candidate.decided,
        among=candidate.among,
    )


def _addresses(case: Case) -> tuple[str, str, str | None]:
    """Where the message goes and where it comes from; for a text that leaves by email, its phone number as well."""
    recipient, route = case.candidate.recipient, case.route
    to, from_ = route.to or recipient.to, sender(case)
    if to is None or from_ is None:
        raise LookupError(f"message {case.candidate.message_id} passed the gates without address or sender")
    return to, from_, recipient.to if route.by_email else None


def _attachments(candidate: Candidate, text: str, from_: str, settings: Settings) -> tuple[File, ...]:
    """What travels with a mail: the calendar entries of its kind, and the files of its rule."""
    own = settings.kinds[candidate.kind]
    entries = invitations(candidate, text, from_, settings) if getattr(own, "invitation", False) else ()
    return (*entries, *own.files) if isinstance(own, RuleSettings) else entries


def body_of(text: str, candidate: Candidate, settings: Settings) -> Body:
    """Footers go under texts on channel sms, but not under answers to keywords (contract section 11)."""
    channel = candidate.channel
    if channel is Channel.SMS and settings.footers.get(channel) and candidate.kind != KEYWORD_REPLY:
        text = f"{text}\n{settings.footers[channel]}"
    if not channel.has_segments:
        return Body(text=text)
    rewritten: tuple[str, ...] = ()
    if settings.smart_encoding:
        smart = rewrite(text)
        text, rewritten = smart.text, smart.characters
    packing = pack(text)
    if packing.segments > settings.max_segments:
        facts = {"segments": packing.segments, "max_segments": settings.max_segments}
        raise RenderError(Reason.TOO_MANY_SEGMENTS, facts)
    return Body(text=text, segments=packing.segments, encoding=packing.encoding, rewritten=rewritten)


def words_for(candidate: Candidate, settings: Settings) -> Words:
    """The tenant's own templates in the recipient's locale, else without a locale, else the built-in ones."""
    own = settings.templates_for(candidate.kind, candidate.channel, _locale(candidate, settings))
    if own is None and candidate.kind.startswith(PREFIX):
        raise RenderError(Reason.SETTING_OFF.of("rules"), {"rules": f"{candidate.kind} is there no more"})
    if own is not None and candidate.kind.startswith(PREFIX):
        return Words(subject=own.subject, text=own.text, html=own.html)
    if own is None:
        return built_in(candidate.kind, candidate.channel)
    rewritten = own.text is not None or own.html is not None
    if rewritten and (own.subject is not None or not _has_subject(candidate)):
        return Words(subject=own.subject, text=own.text, html=own.html)
    base = built_in(candidate.kind, candidate.channel)
    if rewritten:
        return Words(subject=base.subject, text=own.text, html=own.html)
    return Words(subject=own.subject or base.subject, text=base.text, html=base.html)


def variables_of(candidate: Candidate, settings: Settings, names: AbstractSet[str]) -> Mapping[str, object]:
    """What templates see (contract section 11, Variables): the event's own fields at the top, then who is who.

    Of the latter those `names` that the templates take; so with `useful_until`, where the message has one.
    """
    cause, contact = candidate.cause, candidate.contact
    data = {**cause.data, **candidate.variables}
    said = who_is_who(cause, contact, data, candidate.tenant, settings, names)
    if "useful_until" in names and candidate.useful_until:
        said.setdefault("useful_until", rfc3339(candidate.useful_until))
    if "recipient" in names:
        said["recipient"] = to_plain(candidate.recipient)
    brand = brand_of(contact, settings) if candidate.recipient.staff is None else None
    zone_of_event = data.get("timezone")
    said[BRAND] = letterhead(brand, settings.name or candidate.tenant)
    said[LOCALE] = _locale(candidate, settings)
    said[TIMEZONE] = zone_of_event if isinstance(zone_of_event, str) else settings.timezone
    return said


def _locale(candidate: Candidate, settings: Settings) -> str:
    return candidate.recipient.locale or settings.locale


def _has_subject(candidate: Candidate) -> bool:
    return candidate.channel is Channel.EMAIL
