"""What sections of the settings must keep beyond their types, each on its own (contract section 3)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from schemas.faults import Fault
from schemas.partial import UNREAD, unless_unread, where_read
from schemas.settings_sections import (
    CHANNEL_KEYS,
    Approvals,
    Billing,
    ChannelSettings,
    QuietHours,
    StaffMember,
)
from schemas.words import Channel

Faults = Iterator[Fault]


def section_faults(name: str, section: object, plain: object) -> Faults:
    """What is wrong with a section beyond its types, as far as it could be read; `plain` is how it was written."""
    check = _CHECKS.get(name)
    if check is not None and section is not None:
        yield from where_read(check)(section, plain)


def _channels(channels: Mapping[Channel, ChannelSettings], plain: Any) -> Faults:
    owners = {key: channel for channel, keys in CHANNEL_KEYS.items() for key in keys}
    for channel, settings in channels.items():
        for key in plain[channel] if isinstance(plain[channel], dict) else ():
            if owners.get(key, channel) is not channel:
                yield Fault(path=f"channels.{channel}.{key}", reason=f"unknown key: only channel {owners[key]} has it")
        if channel is Channel.WEBHOOK:
            yield from _webhook(settings)


@where_read
def _webhook(settings: ChannelSettings) -> Faults:
    if settings.url is None and settings.requested:
        yield Fault(path="channels.webhook.url", reason="is missing: a webhook needs an address")
    if settings.url is not None and not settings.url.startswith("https://"):
        yield Fault(path="channels.webhook.url", reason=f"must begin with https://, not {settings.url!r}")


def _footers(footers: Mapping[Channel, str], _plain: object) -> Faults:
    for channel in footers:
        if channel is not Channel.SMS:
            yield Fault(path=f"footers.{channel}", reason="unknown key: only texts have footers")


def _quiet_hours(quiet: QuietHours, _plain: object) -> Faults:
    if quiet.start == quiet.end:
        yield Fault(path="quiet_hours.end", reason=f"must differ from start, both are {quiet.end:%H:%M}")


def _staff(staff: tuple[StaffMember, ...], _plain: object) -> Faults:
    seen: set[str] = set()
    for number, member in enumerate(staff):
        yield from _known_staff(number, member, seen)


@where_read
def _known_staff(number: int, member: StaffMember, seen: set[str]) -> Faults:
    if member.id in seen:
        yield Fault(path=f"staff.{number}.id", reason=f"stands twice: {member.id!r}")
    seen.add(member.id)


def _approvals(approvals: Approvals, _plain: object) -> Faults:
    if approvals.expires_after <= timedelta(0):
        yield Fault(path="approvals.expires_after", reason="must be longer than nothing")


def _billing(billing: Billing, plain: Any) -> Faults:
    for amounts in (_spend_cap, _minutes, _sheets, _texts):
        yield from _negative(amounts, billing)
    yield from _sms_billing(billing, plain)


Amounts = Iterator[tuple[str, Decimal]]


@where_read
def _negative(amounts: Callable[[Billing], Amounts], billing: Billing) -> Faults:
    for path, amount in amounts(billing):
        if amount < 0:
            yield Fault(path=f"billing.{path}", reason=f"must not be negative: {amount}")


def _spend_cap(billing: Billing) -> Amounts:
    if billing.spend_cap:
        yield "spend_cap.per_month", billing.spend_cap.per_month


def _minutes(billing: Billing) -> Amounts:
    if billing.voice:
        yield "voice.price_per_minute", billing.voice.price_per_minute


def _sheets(billing: Billing) -> Amounts:
    for postal_class, price in billing.letter.price_per_sheet.items() if billing.letter else ():
        if isinstance(price, Decimal):  # an entry that is wrong in itself is none
            yield f"letter.price_per_sheet.{postal_class}", price


def _texts(billing: Billing) -> Amounts:
    if billing.sms:
        yield "sms.price", billing.sms.price


@where_read
def _sms_billing(billing: Billing, plain: Any) -> Faults:
    sms = billing.sms
    if sms is None:
        return
    if sms.model == "block":
        for name in ("size", "anchor"):
            if unless_unread(partial(getattr, sms, name), UNREAD) is None:
                yield Fault(path=f"billing.sms.{name}", reason="is missing: model block needs it")
        if sms.prepaid:
            yield Fault(path="billing.sms.prepaid", reason="only goes with model per_segment")
    else:
        for name in ("size", "anchor", "count"):
            if name in plain["sms"]:
                yield Fault(path=f"billing.sms.{name}", reason="only goes with model block")


_CHECKS: Mapping[str, Callable[[Any, Any], Faults]] = {
    "channels": _channels,
    "footers": _footers,
    "quiet_hours": _quiet_hours,
    "staff": _staff,
    "approvals": _approvals,
    "billing": _billing,
}
