"""Why a kind says nothing to an event that it could answer: a switch that is off, or what speaks against it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from processors.decide.logins import has_login
from processors.decisions import decided
from processors.effects import Effect
from processors.kind import Circumstances, Kind, Staff
from processors.occasion import Occasion
from processors.variables import who_is_who
from schemas.kind_settings import SHARED
from schemas.reasons import Reason
from schemas.words import Channel, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The reason of a decision, and what it rested on."""

    reason: str
    facts: Mapping[str, object] = field(default_factory=dict)


def switched_off(kind: Kind, occasion: Occasion) -> Refusal | None:
    """The first switch of the kind that is off; `enabled` is one of every kind."""
    kinds = occasion.known.settings.kinds
    if not kinds[kind.name].enabled:
        return Refusal(reason=Reason.SETTING_OFF.of("enabled"), facts={f"kinds.{kind.name}.enabled": False})
    for switch in kind.switches:
        of = switch.of or kind.name
        if not getattr(kinds[of], switch.key):
            reason = switch.reason or Reason.SETTING_OFF.of(switch.key)
            return Refusal(reason=reason, facts={f"kinds.{of}.{switch.key}": False})
    return None


def refusal(kind: Kind, occasion: Occasion) -> Refusal | None:
    """Why nothing is said to this contact; None when nothing speaks against it."""
    off = switched_off(kind, occasion)
    if off or not kind.unless:
        return off
    event = occasion.event
    seen = Circumstances(
        actor=event.actor,
        data=occasion.data,
        own=occasion.known.settings.kinds[kind.name],
        has_login=has_login(occasion.tables, event.tenant, event.subject),
        variables=partial(_variables, occasion),
    )
    for objection in kind.unless:
        facts = objection.facts(seen)
        if facts is not None:
            return Refusal(reason=objection.reason, facts=facts)
    return None


def _variables(occasion: Occasion) -> Mapping[str, object]:
    settings = occasion.known.settings
    return who_is_who(occasion.cause, occasion.contact, occasion.data, occasion.event.tenant, settings)


def dropped(
    kind: Kind, occasion: Occasion, channel: Channel | None, refused: Refusal, *, due: datetime | None = None
) -> Effect:
    """The decision that a kind says nothing to this event on this channel."""
    return decided(
        occasion.event,
        occasion.record,
        occasion.known,
        outcome=Outcome.DROPPED,
        reason=refused.reason,
        kind=kind.name,
        channel=channel,
        contact=None if isinstance(kind.audience, Staff) else occasion.event.subject or None,
        facts=refused.facts,
        due=due,
    )


def settings_path(kind: Kind, key: str) -> str:
    """Where a tenant sets this: some kinds share their settings under a name of its own."""
    return f"kinds.{SHARED.get(kind.name, kind.name)}.{key}"
