"""Stop 2 of 9 — settings. Before: event. After: decide. The settings that are in force for a tenant, typed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from processors.effects import Tables
from processors.kind import Kind
from processors.kinds import BY_EVENT, KINDS
from processors.known_variables import scope_of
from processors.markup_faults import markup_faults
from processors.render import PARTS, template_faults
from processors.rules import kind_of, rule_faults
from processors.template_reader import OPEN
from processors.text_cost import length_faults
from processors.wording import is_currency
from schemas.faults import Fault, Refused
from schemas.json_text import json_to_text, size_bytes
from schemas.kind_settings import KindSettings
from schemas.settings import Settings, parse_settings
from schemas.state import TenantSettings
from schemas.topics import SETTINGS
from schemas.words import Channel

KNOWN_KINDS: dict[str, type[KindSettings]] = {kind.name: kind.settings for kind in KINDS.values()}
LARGEST_DOCUMENT_BYTES = 800_000
"""All settings of a tenant are one record, and one row of state."""
_REMEMBERED = 4096
R = TypeVar("R", bound="InForce | Refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """One tenant's settings and their version, which every decision names."""

    settings: Settings
    version: int
    rules: Mapping[str, Kind] = field(default_factory=dict)

    def kind(self, name: str) -> Kind | None:
        """The kind of this name, built in or out of a rule; None for a rule that is gone."""
        return KINDS.get(name) or self.rules.get(name)

    def kinds_on(self, event_type: str) -> tuple[Kind, ...]:
        """The kinds that such an event may cause, rules in their own order behind the built-in ones."""
        own = tuple(rule for rule in self.rules.values() if event_type in rule.on)
        return BY_EVENT.get(event_type, ()) + own


def parse(document: Mapping[str, object]) -> Settings:
    """A settings document as a record; raises Refused with one fault per thing that is wrong.

    What this version would not act on is refused as well: a setting in force must not be silently without effect.
    """
    settings = parse_settings(document, KNOWN_KINDS)
    size = size_bytes(json_to_text(document))
    if size > LARGEST_DOCUMENT_BYTES:
        reason = f"have {size} bytes as JSON, and at most {LARGEST_DOCUMENT_BYTES} fit into one record"
        raise Refused(Fault(path="", reason=reason))
    faults = list(_template_faults(settings))
    if not is_currency(settings.currency):
        faults.append(Fault(path="currency", reason=f"is no currency of ISO 4217: {settings.currency!r}"))
    for key, brand in settings.brands.items():
        faults += markup_faults(brand.header_html, f"brands.{key}.header_html")
    for number, rule in enumerate(settings.rules):
        faults += rule_faults(number, rule, settings.country)
    if faults:
        raise Refused(*faults)
    faults += _length_faults(settings)
    if faults:
        raise Refused(*faults)
    return settings


def _length_faults(settings: Settings) -> Iterator[Fault]:
    """Texts that would never leave; only asked of templates that are taken."""
    for number, rule in enumerate(settings.rules):
        if rule.text is not None:
            yield from length_faults(rule.text, rule.channel, f"rules.{number}.text", settings)
    for kind, wordings in settings.templates.items():
        for place, channels in (("", wordings.channels), *((f"{key}.", own) for key, own in wordings.locales.items())):
            for channel, template in channels.items():
                if template.text is not None:
                    path = f"templates.{kind}.{place}{channel}.text"
                    yield from length_faults(template.text, channel, path, settings)


def _template_faults(settings: Settings) -> Iterator[Fault]:
    """What tenants' own wordings of built-in kinds must not say, each with its line."""
    for kind, wordings in settings.templates.items():
        scope = scope_of(KINDS[kind]) if kind in KINDS else OPEN
        by_place = {"": wordings.channels, **{f"{locale}.": own for locale, own in wordings.locales.items()}}
        for place, channels in by_place.items():
            for channel, template in channels.items():
                if template.html is not None and channel is not Channel.EMAIL:
                    path = f"templates.{kind}.{place}{channel}.html"
                    yield Fault(path=path, reason=f"channel {channel} has no html, it goes by email only")
                for part in PARTS:
                    source = getattr(template, part)
                    if source is not None:
                        where = f"templates.{kind}.{place}{channel}.{part}"
                        yield from template_faults(source, where, html=part == "html", scope=scope)


_parsed: dict[int, tuple[TenantSettings, InForce | Refused]] = {}


def in_force(tables: Tables, tenant: str) -> InForce | None:
    """The tenant's settings as this stage's full copy of topic `settings` has them.

    None for an unknown tenant, and for one whose settings this version of Tidings refuses: `refusal_of` tells which.
    """
    row = tables.shared(SETTINGS.name, tenant)
    found = _understood(row) if isinstance(row, TenantSettings) else None
    return found if isinstance(found, InForce) else None


def refusal_of(tables: Tables, tenant: str) -> tuple[Fault, ...]:
    """What this version of Tidings has against the settings that stand; empty where nothing does, or none stand."""
    row = tables.shared(SETTINGS.name, tenant)
    return faults_of(row) if isinstance(row, TenantSettings) else ()


def faults_of(row: TenantSettings) -> tuple[Fault, ...]:
    """What is wrong in settings that were valid when they were put in force; empty as long as they are."""
    found = _understood(row)
    return found.faults if isinstance(found, Refused) else ()


def typed(row: TenantSettings) -> InForce:
    """The record of one version; raises Refused for what this version of Tidings does not take."""
    found = _understood(row)
    if isinstance(found, Refused):
        raise Refused(*found.faults)
    return found


def _understood(row: TenantSettings) -> InForce | Refused:
    """Parsed once for as long as the same row is looked up."""
    found = _parsed.get(id(row))
    if found is not None and found[0] is row:
        return found[1]
    try:
        result: InForce | Refused = _enforced(row, parse(row.document))
    except Refused as refused:
        result = refused.with_traceback(None)
    return _remembered(row, result)


def put_in_force(row: TenantSettings, settings: Settings) -> InForce:
    """The same for a row that has just been parsed."""
    found = _enforced(row, settings)
    _remembered(row, found)
    return found


def _enforced(row: TenantSettings, settings: Settings) -> InForce:
    rules = [kind_of(rule) for rule in settings.rules]
    return InForce(settings=settings, version=row.version, rules={rule.name: rule for rule in rules})


def _remembered(row: TenantSettings, result: R) -> R:
    if len(_parsed) >= _REMEMBERED:
        _parsed.clear()
    _parsed[id(row)] = (row, result)
    return result
