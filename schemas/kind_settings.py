"""What a tenant may set for each built-in kind (contract section 5); defaults stand in brackets there."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import time, timedelta
from functools import partial
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from schemas.faults import Fault, told
from schemas.near import unknown
from schemas.partial import read, readable, unless_unread, where_read
from schemas.settings_sections import Section
from schemas.validation import shown_value
from schemas.values import ClockTime, Duration, duration_to_text

Hours = Annotated[float, Field(gt=0, le=8760)]
Days = Annotated[int, Field(ge=0, le=3650)]


def _category(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", text):
        raise ValueError(f"must be small letters, digits and _, such as marketing, not {text!r}")
    return text


Category = Annotated[str, Field(max_length=40), AfterValidator(_category)]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSettings(Section):
    """What every kind has; `number` unset means the kind's own choice of phone.

    `late_policy` may only be written for kinds in `PLANNED`; for all others nothing can come too late.
    """

    enabled: bool = True
    category: Category = "service"
    number: Literal["mobile", "primary"] | None = None
    late_policy: Literal["skip", "send_now"] = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentReminderSettings(KindSettings):
    """Elapsed hours before the start; a channel whose hours are unset is off."""

    sms_hours_before: Hours | None = None
    email_hours_before: Hours | None = None
    invitation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginCreatedSettings(KindSettings):
    """Whether people may sign up at all, which is what a login's mail invites them to."""

    expose_sign_up: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderConfirmationSettings(KindSettings):
    """`content` is the header above the order."""

    send_confirmation_email: bool = True
    content: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNotificationSettings(KindSettings):
    """`content` is the header above the order."""

    content: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAlteredSettings(KindSettings):
    """The wording for each channel."""

    notify_client_of_order_edits: bool = True
    sms_content: str | None = None
    email_content: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CartSettings(KindSettings):
    """Times since the last activity; a stage whose time is unset is off."""

    idle: Duration | None = None
    warning: Duration | None = None
    expire: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationNotificationSettings(KindSettings):
    """Staff hear of a registration only where the workflow stops after it."""

    stop_after_registration: bool = False
    content: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSettings(KindSettings):
    """The sliding window that collects what is written, and the longest it may grow."""

    window: Duration = timedelta(minutes=5)
    max_window: Duration = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueSettings(KindSettings):
    """How many days after the due date, and at what time of the day."""

    days: tuple[Days, ...] = (1, 7, 14)
    at: ClockTime = time(9)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStartedSettings(KindSettings):
    """Off until a tenant asks for it."""

    enabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemandSettings(KindSettings):
    """The roles that may send; unset: any staff."""

    roles: tuple[str, ...] | None = None


KIND_SETTINGS: Mapping[str, type[KindSettings]] = {
    "appointment_reminder": AppointmentReminderSettings,
    "login_created": LoginCreatedSettings,
    "order_confirmation": OrderConfirmationSettings,
    "order_notification": OrderNotificationSettings,
    "order_altered": OrderAlteredSettings,
    "cart": CartSettings,
    "cart_idle": CartSettings,
    "cart_expiring": CartSettings,
    "cart_expired": CartSettings,
    "registration_notification": RegistrationNotificationSettings,
    "login_invitation": KindSettings,
    "password_chosen": KindSettings,
    "password_reset": KindSettings,
    "document": KindSettings,
    "conversation": ConversationSettings,
    "quote_overdue": OverdueSettings,
    "invoice_overdue": OverdueSettings,
    "route_started": RouteStartedSettings,
    "on_demand": OnDemandSettings,
    "inbound_forward": KindSettings,
    "inbound_transfer": KindSettings,
    "keyword_reply": KindSettings,
}
"""Every key that may stand under `kinds`: the built-in kinds, and `cart`, which three of them share."""

PLANNED: frozenset[type[KindSettings]] = frozenset({AppointmentReminderSettings})
"""Settings of kinds that are planned before a time, and so can be too late."""

SHARED: Mapping[str, str] = {"cart_idle": "cart", "cart_expiring": "cart", "cart_expired": "cart"}
"""Kinds whose settings are those of another key; of their own they may only have what every kind has."""


def read_kinds(plain: object, known: Mapping[str, type[KindSettings]]) -> tuple[dict[str, KindSettings], list[Fault]]:
    """The settings of all kinds, defaults where nothing is said, and every fault; kinds with one are left out."""
    if not isinstance(plain, dict):
        return {}, [Fault(path="kinds", reason=f"must be a map, not {shown_value(plain)}")]
    classes = {**KIND_SETTINGS, **known}
    strangers = (name for name in plain if name not in classes)
    faults = told((Fault(path=f"kinds.{name}", reason=unknown(name, classes, "kind")) for name in strangers), "kinds")
    parsed: dict[str, KindSettings] = {}
    for name, cls in classes.items():
        own = plain.get(name, {})
        settings, wrong = read(KindSettings if name in SHARED else cls, own, f"kinds.{name}")
        if isinstance(own, dict) and "late_policy" in own and cls not in PLANNED:
            wrong.append(Fault(path=f"kinds.{name}.late_policy", reason="unknown key: such a message is never late"))
        wrong += _faults(name, settings)
        faults += wrong
        if not wrong:
            parsed[name] = settings
    for name in parsed.keys() & SHARED.keys():
        if SHARED[name] in parsed:
            parsed[name] = _shared(classes[name], plain.get(SHARED[name], {}), plain.get(name, {}))
    return parsed, faults


def _shared(cls: type[KindSettings], shared: Mapping[str, Any], own: Mapping[str, Any]) -> KindSettings:
    """What stands under the shared key, and over it what the kind sets for itself; each was looked at alone."""
    allowed = {field.name for field in fields(cls)}
    both, _ = read(cls, {key: value for key, value in {**shared, **own}.items() if key in allowed}, "")
    settings: KindSettings = both
    return settings


@where_read
def _faults(name: str, settings: KindSettings) -> Iterator[Fault]:
    if isinstance(settings, CartSettings):
        yield from _increasing(f"kinds.{name}", settings, "idle", "warning", "expire")
    if isinstance(settings, ConversationSettings):
        yield from _increasing(f"kinds.{name}", settings, "window", "max_window", equal=True)
    if isinstance(settings, OverdueSettings):
        days = [day for _, day in readable(settings.days)]
        if len(set(days)) != len(days):
            yield Fault(path=f"kinds.{name}.days", reason=f"names a day twice: {days}")


def _increasing(path: str, settings: KindSettings, *names: str, equal: bool = False) -> Iterator[Fault]:
    """Each duration that is set must be positive and longer than the ones before it."""
    set_ones: list[tuple[str, timedelta]] = []
    for name in names:
        value = unless_unread(partial(getattr, settings, name), None)
        if value is not None and value <= timedelta(0):
            yield Fault(path=f"{path}.{name}", reason="must be longer than nothing")
        elif value is not None:
            set_ones.append((name, value))
    for (name, value), (later, limit) in pairwise(set_ones):
        if value > limit or (value == limit and not equal):
            bound = "not be longer than" if equal else "be shorter than"
            yield Fault(
                path=f"{path}.{name}",
                reason=f"must {bound} {later}: {duration_to_text(value)} against {duration_to_text(limit)}",
            )
