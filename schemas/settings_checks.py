"""What sections of the settings must keep beyond their types, each on its own (contract section 3)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from schemas.faults import Fault
from schemas.settings_sections import (
    CHANNEL_KEYS,
    Approvals,
    Billing,
    ChannelSettings,
    Programme,
    QuietHours,
    SmsBilling,
    StaffMember,
)
from schemas.words import Channel

KEYWORDS = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT OUT"}
    | {"HELP", "INFO", "START", "YES", "UNSTOP"}
)
"""Words that have a meaning of their own in a text (contract section 8), so that no programme may be called so."""

Faults = Iterator[Fault]


def section_faults(name: str, section: object, plain: object) -> Faults:
    """What is wrong with a section whose types are right; `plain` is how it was written."""
    check = _CHECKS.get(name)
    if check is not None and section is not None:
        yield from check(section, plain)


def _channels(channels: Mapping[Channel, ChannelSettings], plain: Any) -> Faults:
    special = frozenset[str]().union(*CHANNEL_KEYS.values())
    for channel, settings in channels.items():
        for key in plain[channel]:
            if key in special - CHANNEL_KEYS.get(channel, frozenset()):
                yield Fault(path=f"channels.{channel}.{key}", reason="unknown key")
        if channel is Channel.WEBHOOK and settings.requested and settings.url is None:
            yield Fault(path="channels.webhook.url", reason="is missing: a webhook needs an address")
        if channel is Channel.WEBHOOK and settings.url is not None and not settings.url.startswith("https://"):
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
        if member.id in seen:
            yield Fault(path=f"staff.{number}.id", reason=f"stands twice: {member.id!r}")
        seen.add(member.id)


def _approvals(approvals: Approvals, _plain: object) -> Faults:
    if approvals.expires_after <= timedelta(0):
        yield Fault(path="approvals.expires_after", reason="must be longer than nothing")


def _billing(billing: Billing, plain: Any) -> Faults:
    amounts = [("spend_cap.per_month", billing.spend_cap.per_month)] if billing.spend_cap else []
    if billing.voice:
        amounts.append(("voice.price_per_minute", billing.voice.price_per_minute))
    if billing.letter:
        prices = billing.letter.price_per_sheet.items()
        amounts += [(f"letter.price_per_sheet.{postal_class}", price) for postal_class, price in prices]
    if billing.sms:
        amounts.append(("sms.price", billing.sms.price))
        yield from _sms_billing(billing.sms, plain["sms"])
    for path, amount in amounts:
        if amount < 0:
            yield Fault(path=f"billing.{path}", reason=f"must not be negative: {amount}")


def _sms_billing(sms: SmsBilling, plain: Mapping[str, object]) -> Faults:
    if sms.model == "block":
        for name in ("size", "anchor"):
            if getattr(sms, name) is None:
                yield Fault(path=f"billing.sms.{name}", reason="is missing: model block needs it")
        if sms.prepaid:
            yield Fault(path="billing.sms.prepaid", reason="only goes with model per_segment")
    else:
        for name in ("size", "anchor", "count"):
            if name in plain:
                yield Fault(path=f"billing.sms.{name}", reason="only goes with model block")


def _programmes(programmes: Mapping[str, Programme], _plain: object) -> Faults:
    seen: dict[str, str] = {}
    for keyword in programmes:
        folded = keyword.strip().upper()
        if not folded:
            yield Fault(path="programmes", reason="has a programme without a keyword")
        elif folded in KEYWORDS:
            yield Fault(path=f"programmes.{keyword}", reason="is a word with a meaning of its own in every text")
        elif folded in seen:
            yield Fault(path=f"programmes.{keyword}", reason=f"is the same keyword as {seen[folded]}")
        seen.setdefault(folded, keyword)


_CHECKS: Mapping[str, Callable[[Any, Any], Faults]] = {
    "channels": _channels,
    "footers": _footers,
    "quiet_hours": _quiet_hours,
    "staff": _staff,
    "approvals": _approvals,
    "billing": _billing,
    "programmes": _programmes,
}
