"""What a tenant may set for each built-in kind (contract section 5); defaults stand in brackets there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import time, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.faults import Fault, Refused
from schemas.settings_sections import Section
from schemas.validation import parse, shown_value
from schemas.values import ClockTime, Duration, duration_to_text

Hours = Annotated[float, Field(gt=0, le=8760)]
Days = Annotated[int, Field(ge=0, le=3650)]
Category = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


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


def parse_kinds(plain: object, known: Mapping[str, type[KindSettings]]) -> dict[str, KindSettings]:
    """The settings of all kinds, defaults where nothing is said; raises Refused with all faults under `kinds`."""
    if not isinstance(plain, dict):
        raise Refused(Fault(path="kinds", reason=f"must be a map, not {shown_value(plain)}"))
    classes = {**KIND_SETTINGS, **known}
    faults = [Fault(path=f"kinds.{name}", reason="unknown kind") for name in plain if name not in classes]
    parsed: dict[str, KindSettings] = {}
    for name, cls in classes.items():
        try:
            if SHARED.get(name) in classes and SHARED[name] not in parsed:
                continue  # refused where it stands, once
            parsed[name] = _parse_kind(name, cls, plain)
        except Refused as refused:
            faults += refused.faults
    for name, settings in parsed.items():
        if "late_policy" in plain.get(name, {}) and type(settings) not in PLANNED:
            faults.append(Fault(path=f"kinds.{name}.late_policy", reason="unknown key"))
        if name not in SHARED:
            faults += _faults(name, settings)
    if faults:
        raise Refused(*faults)
    return parsed


def _parse_kind(name: str, cls: type[KindSettings], plain: Mapping[str, Any]) -> KindSettings:
    own, shared = plain.get(name, {}), plain.get(SHARED.get(name, ""), {})
    if name not in SHARED:
        return parse(cls, own, f"kinds.{name}")
    parse(KindSettings, own, f"kinds.{name}")
    allowed = {field.name for field in fields(cls)}
    return parse(
        cls, {key: value for key, value in {**shared, **own}.items() if key in allowed}, f"kinds.{SHARED[name]}"
    )


def _faults(name: str, settings: KindSettings) -> Iterator[Fault]:
    if isinstance(settings, CartSettings):
        yield from _increasing(f"kinds.{name}", settings, "idle", "warning", "expire")
    if isinstance(settings, ConversationSettings):
        yield from _increasing(f"kinds.{name}", settings, "window", "max_window", equal=True)
    if isinstance(settings, OverdueSettings) and len(set(settings.days)) != len(settings.days):
        yield Fault(path=f"kinds.{name}.days", reason=f"names a day twice: {list(settings.days)}")


def _increasing(path: str, settings: KindSettings, *names: str, equal: bool = False) -> Iterator[Fault]:
    """Each duration that is set must be positive and longer than the ones before it."""
    set_ones = [(name, value) for name in names if (value := getattr(settings, name)) is not None]
    for name, value in set_ones:
        if value <= timedelta(0):
            yield Fault(path=f"{path}.{name}", reason="must be longer than nothing")
    for (name, value), (later, limit) in pairwise(set_ones):
        if value > limit or (value == limit and not equal):
            bound = "not be longer than" if equal else "be shorter than"
            yield Fault(
                path=f"{path}.{name}",
                reason=f"must {bound} {later}: {duration_to_text(value)} against {duration_to_text(limit)}",
            )
