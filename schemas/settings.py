"""A tenant's settings, typed, and how a document becomes them (contract section 3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Annotated, Any, get_type_hints

from pydantic import Field

from schemas.faults import Fault, Refused
from schemas.json_text import check_json
from schemas.kind_settings import KindSettings, parse_kinds
from schemas.rule_settings import RuleSettings, kind_name, settings_of
from schemas.rules import Rule, parse_rules
from schemas.settings_checks import section_faults
from schemas.settings_sections import (
    Approvals,
    Billing,
    Brand,
    Building,
    Cap,
    ChannelSettings,
    KindTemplates,
    LetterSettings,
    NewContacts,
    Programme,
    QuietHours,
    Senders,
    StaffMember,
    Template,
)
from schemas.validation import parse_as, shown_value
from schemas.values import (
    Country,
    Currency,
    Date,
    EmailAddress,
    Locale,
    PhoneNumber,
    WebAddress,
    Zone,
    locale_from_text,
)
from schemas.words import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a tenant has set, defaults where nothing was said.

    `kinds` holds every known kind, and under `rule:<id>` what each rule sets.
    """

    name: str = ""
    timezone: Zone = "UTC"
    locale: Locale = "en-US"
    country: Country = "US"
    currency: Currency = "USD"
    portal_url: WebAddress | None = None
    main_phone: PhoneNumber | None = None
    contact_email: EmailAddress | None = None
    smtp_contact_email: EmailAddress | None = None
    support_agreement_until: Date | None = None
    senders: Senders = field(default_factory=Senders)
    brands: Mapping[str, Brand] = field(default_factory=dict)
    buildings: Mapping[str, Building] = field(default_factory=dict)
    staff: tuple[StaffMember, ...] = ()
    channels: Mapping[Channel, ChannelSettings] = field(default_factory=dict)
    new_contacts: NewContacts = field(default_factory=NewContacts)
    quiet_hours: QuietHours | None = None
    holidays: tuple[Date, ...] = ()
    caps: Mapping[str, Cap] = field(default_factory=dict)
    footers: Mapping[Channel, str] = field(default_factory=dict)
    smart_encoding: bool = False
    max_segments: Annotated[int, Field(ge=1, le=255)] = 8
    letter: LetterSettings = field(default_factory=LetterSettings)
    billing: Billing = field(default_factory=Billing)
    approvals: Approvals = field(default_factory=Approvals)
    kinds: Mapping[str, KindSettings] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    programmes: Mapping[str, Programme] = field(default_factory=dict)
    templates: Mapping[str, KindTemplates] = field(default_factory=dict)

    def templates_for(self, kind: str, channel: Channel, locale: str | None) -> Template | None:
        """The tenant's own wording for a locale such as `fr-CA`, else for its language, else for all; or None."""
        own = self.kinds.get(kind)
        if isinstance(own, RuleSettings):
            return own.words
        found = self.templates.get(kind)
        return found.of(channel, locale or self.locale) if found else None


def parse_settings(document: Mapping[str, object], known_kinds: Mapping[str, type[KindSettings]]) -> Settings:
    """The settings that a document says; raises Refused with every fault of every section.

    `known_kinds` adds to the kinds of the contract: name → class of its settings.
    """
    check_json(document)
    hints = _hints()
    faults = [Fault(path=str(name), reason="unknown key") for name in document if name not in hints]
    parsed: dict[str, Any] = {}
    for name, hint in hints.items():
        try:
            if name == "kinds":
                parsed[name] = parse_kinds(document.get(name, {}), known_kinds)
            elif name == "rules":
                parsed[name] = parse_rules(document.get(name, []))
            elif name in document:
                parsed[name] = _section(name, hint, document[name])
                faults += section_faults(name, parsed[name], document[name])
        except Refused as refused:
            faults += refused.faults
    faults += _cross_faults(parsed, document)
    faults += _unknown_templates(parsed)
    if faults:
        raise Refused(*faults)
    holidays = parsed.get("holidays", ())
    parsed["kinds"] |= {kind_name(rule): settings_of(rule, holidays) for rule in parsed["rules"]}
    return Settings(**parsed)


@cache
def _hints() -> dict[str, Any]:
    hints = get_type_hints(Settings, include_extras=True)
    return {one.name: hints[one.name] for one in fields(Settings)}


def _section(name: str, hint: Any, plain: object) -> Any:
    return _templates(plain) if name == "templates" else parse_as(hint, plain, name)


def _templates(plain: object) -> dict[str, KindTemplates]:
    """Kind → its wordings; beside channels stand locales, which hold channels again."""
    if not isinstance(plain, dict):
        raise Refused(Fault(path="templates", reason=f"must be a map, not {shown_value(plain)}"))
    faults: list[Fault] = []
    parsed: dict[str, KindTemplates] = {}
    for kind, entries in plain.items():
        if not isinstance(entries, dict):
            faults.append(Fault(path=f"templates.{kind}", reason=f"must be a map, not {shown_value(entries)}"))
            continue
        channels = {key: value for key, value in entries.items() if key in set(Channel)}
        locales = {key: value for key, value in entries.items() if key not in channels and _is_locale(key)}
        faults += (
            Fault(path=f"templates.{kind}.{key}", reason="is neither a channel nor a locale")
            for key in entries
            if key not in channels and key not in locales
        )
        try:
            parsed[kind] = KindTemplates(
                channels=parse_as(Mapping[Channel, Template], channels, f"templates.{kind}"),
                locales=parse_as(Mapping[str, Mapping[Channel, Template]], locales, f"templates.{kind}"),
            )
        except Refused as refused:
            faults += refused.faults
    if faults:
        raise Refused(*faults)
    return parsed


def _is_locale(key: str) -> bool:
    try:
        locale_from_text(key)
    except ValueError:
        return False
    return True


def _unknown_templates(parsed: Mapping[str, Any]) -> Iterator[Fault]:
    if "templates" in parsed and "kinds" in parsed:
        for kind in parsed["templates"]:
            if kind not in parsed["kinds"]:
                yield Fault(path=f"templates.{kind}", reason="unknown kind")


def _cross_faults(parsed: Mapping[str, Any], document: Mapping[str, object]) -> Iterator[Fault]:
    """What one section says of another; a section that is wrong in itself is not asked."""
    wrong = document.keys() - parsed.keys()
    for key, building in parsed.get("buildings", {}).items():
        if building.brand is not None and "brands" not in wrong and building.brand not in parsed.get("brands", {}):
            yield Fault(path=f"buildings.{key}.brand", reason=f"is no key of brands: {building.brand!r}")
    for number, rule in enumerate(parsed.get("rules", ())):
        known = "programmes" in wrong or rule.programme in parsed.get("programmes", {})
        if rule.programme is not None and not known:
            yield Fault(path=f"rules.{number}.programme", reason=f"is no key of programmes: {rule.programme!r}")
    if "billing" in parsed and "currency" not in document:
        yield Fault(path="currency", reason="is missing: billing needs it")
    letter = parsed["billing"].letter if "billing" in parsed else None
    postal_class = parsed["letter"].class_ if "letter" in parsed else "second"
    if letter is not None and postal_class not in letter.price_per_sheet:
        reason = f"has no price for the class of the tenant's letters, {postal_class!r}"
        yield Fault(path="billing.letter.price_per_sheet", reason=reason)
