"""A tenant's settings, typed, and how a document becomes them (contract section 3)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Annotated, Any, get_type_hints

from pydantic import Field

from schemas.faults import Fault, Refused, told
from schemas.json_text import check_json
from schemas.kind_settings import KIND_SETTINGS, KindSettings, read_kinds
from schemas.near import perhaps, unknown
from schemas.partial import UNREAD, read, record_in_part, with_only
from schemas.rule_settings import RuleSettings, kind_name, settings_of
from schemas.rules import Rule, read_rules
from schemas.settings_checks import section_faults
from schemas.settings_links import cross_faults
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
from schemas.validation import shown_value
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
    settings, faults = read_settings(document, known_kinds)
    if faults:
        raise Refused(*faults)
    return settings


def read_settings(
    document: Mapping[str, object], known_kinds: Mapping[str, type[KindSettings]], *, is_part: bool = False
) -> tuple[Settings, list[Fault]]:
    """The settings and every fault; where there is one, only as much of them as is right (`schemas.partial`).

    `is_part`: only the sections in the document are known, and what they say of others is not looked at.
    """
    check_json(document)
    hints = _hints()
    faults = told(Fault(path=str(name), reason=unknown(str(name), hints)) for name in document if name not in hints)
    parsed: dict[str, Any] = {}
    for name, hint in hints.items():
        if name in document or (name in ("kinds", "rules") and not is_part):
            parsed[name], wrong = _section(name, hint, document, known_kinds)
            faults += wrong
    if is_part:
        settings = with_only(Settings, parsed)
    elif faults:
        settings = record_in_part(Settings, document, parsed)
    else:
        holidays = parsed.get("holidays", ())
        own = {kind_name(rule): settings_of(rule, holidays) for rule in parsed["rules"]}
        settings = Settings(**{**parsed, "kinds": parsed["kinds"] | own})
    faults += cross_faults(settings, document)
    return settings, faults


@cache
def _hints() -> dict[str, Any]:
    hints = get_type_hints(Settings, include_extras=True)
    return {one.name: hints[one.name] for one in fields(Settings)}


def _section(
    name: str, hint: Any, document: Mapping[str, object], known_kinds: Mapping[str, type[KindSettings]]
) -> tuple[Any, list[Fault]]:
    match name:
        case "kinds":
            return read_kinds(document.get(name, {}), known_kinds)
        case "rules":
            return read_rules(document.get(name, []))
        case "templates":
            return _templates(document[name], frozenset(KIND_SETTINGS) | known_kinds.keys())
        case _:
            section, faults = read(hint, document[name], name)
            if section is not UNREAD:
                faults += section_faults(name, section, document[name])
            return section, faults


def _templates(plain: object, kinds: Collection[str]) -> tuple[dict[str, KindTemplates], list[Fault]]:
    """Kind → its wordings; beside channels stand locales, which hold channels again."""
    if not isinstance(plain, dict):
        return {}, [Fault(path="templates", reason=f"must be a map, not {shown_value(plain)}")]
    strangers = (kind for kind in plain if kind not in kinds)
    faults = told(
        (Fault(path=f"templates.{kind}", reason=unknown(kind, kinds, "kind")) for kind in strangers), "templates"
    )
    parsed: dict[str, KindTemplates] = {}
    for kind, entries in plain.items():
        path = f"templates.{kind}"
        if not isinstance(entries, dict):
            faults.append(Fault(path=path, reason=f"must be a map, not {shown_value(entries)}"))
            continue
        channels = {key: value for key, value in entries.items() if key in set(Channel)}
        locales = {key: value for key, value in entries.items() if key not in channels and _is_locale(key, value)}
        neither = (key for key in entries if key not in channels and key not in locales)
        faults += told((Fault(path=f"{path}.{key}", reason=_neither(key)) for key in neither), path)
        by_channel, wrong = read(Mapping[Channel, Template], channels, path)
        by_locale, wrong_there = read(Mapping[str, Mapping[Channel, Template]], locales, path)
        faults += (*wrong, *wrong_there)
        by_locale = {key: own for key, own in by_locale.items() if own is not UNREAD}
        parsed[kind] = KindTemplates(channels=by_channel, locales=by_locale)
    return parsed, faults


def _neither(key: str) -> str:
    meant = perhaps(key, set(Channel)) or f"; channels are {', '.join(Channel)}"
    return f"is neither a channel nor a locale{meant}"


def _is_locale(key: str, value: object) -> bool:
    """What holds words at once was meant as a channel, though it be as short as a language."""
    if isinstance(value, dict) and value.keys() & _PARTS:
        return False
    try:
        locale_from_text(key)
    except ValueError:
        return False
    return True


_PARTS = frozenset(one.name for one in fields(Template))
