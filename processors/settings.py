"""Stop 2 of 9 — settings. Before: event. After: decide. The settings that are in force for a tenant, typed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from processors.asking import programme_faults
from processors.effects import Tables
from processors.kind import Kind
from processors.kinds import BY_EVENT, KINDS, by_event
from processors.known_variables import scope_of
from processors.markup_faults import markup_faults
from processors.render import PARTS, template_faults
from processors.rules import kind_of, rule_faults
from processors.template_reader import OPEN, Scope
from processors.text_cost import length_faults
from processors.wording import is_currency
from schemas.faults import Fault, Refused
from schemas.json_text import json_to_text, size_bytes
from schemas.kind_settings import KindSettings
from schemas.partial import where_read
from schemas.settings import Settings, read_settings
from schemas.settings_sections import Brand, Template
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
    rules_on: Mapping[str, tuple[Kind, ...]] = field(default_factory=dict)
    """Event type → the rules that answer it, in their own order."""

    def kind(self, name: str) -> Kind | None:
        """The kind of this name, built in or out of a rule; None for a rule that is gone."""
        return KINDS.get(name) or self.rules.get(name)

    def kinds_on(self, event_type: str) -> tuple[Kind, ...]:
        """The kinds that such an event may cause, rules in their own order behind the built-in ones."""
        return BY_EVENT.get(event_type, ()) + self.rules_on.get(event_type, ())


def parse(document: Mapping[str, object]) -> Settings:
    """A settings document as a record; raises Refused with one fault per thing that is wrong, all of them at once.

    What this version would not act on is refused as well: a setting in force must not be silently without effect.
    """
    settings, faults = read_settings(document, KNOWN_KINDS)
    _require_none([*faults, *_faults(settings, document)])
    return settings


def parse_part(document: Mapping[str, object]) -> Settings:
    """Some sections as they would be among others that are not known; nothing is said of how they fit to those."""
    part, faults = read_settings(document, KNOWN_KINDS, is_part=True)
    _require_none([*faults, *_faults(part, document)])
    return read_settings(document, KNOWN_KINDS)[0]


def _require_none(faults: Sequence[Fault]) -> None:
    if faults:
        raise Refused(*faults)


def _faults(settings: Settings, document: Mapping[str, object]) -> Iterator[Fault]:
    """What is wrong beyond types and names, as far as the settings could be read."""
    size = size_bytes(json_to_text(document))
    if size > LARGEST_DOCUMENT_BYTES:
        reason = f"have {size} bytes as JSON, and at most {LARGEST_DOCUMENT_BYTES} fit into one record"
        yield Fault(path="", reason=reason)
    for look in (programme_faults, _template_faults, _currency_faults, _brand_faults, _rule_faults):
        yield from where_read(look)(settings)


def _currency_faults(settings: Settings) -> Iterator[Fault]:
    if not is_currency(settings.currency):
        yield Fault(path="currency", reason=f"is no currency of ISO 4217: {settings.currency!r}")


def _brand_faults(settings: Settings) -> Iterator[Fault]:
    for key, brand in settings.brands.items():
        yield from _header_faults(brand, f"brands.{key}.header_html")


@where_read
def _header_faults(brand: Brand, path: str) -> Iterator[Fault]:
    yield from markup_faults(brand.header_html, path)


def _rule_faults(settings: Settings) -> Iterator[Fault]:
    for number, rule in enumerate(settings.rules):
        yield from rule_faults(number, rule, settings)


def _template_faults(settings: Settings) -> Iterator[Fault]:
    """What tenants' own wordings of built-in kinds must not say, each with its line."""
    for kind, wordings in settings.templates.items():
        scope = scope_of(KINDS[kind]) if kind in KINDS else OPEN
        by_place = {"": wordings.channels, **{f"{locale}.": own for locale, own in wordings.locales.items()}}
        for place, channels in by_place.items():
            for channel, template in channels.items():
                for part in PARTS:
                    path = f"templates.{kind}.{place}{channel}.{part}"
                    yield from _part_faults(template, channel, part, path, scope, settings)


@where_read
def _part_faults(
    template: Template, channel: Channel, part: str, path: str, scope: Scope, settings: Settings
) -> Iterator[Fault]:
    source = getattr(template, part)
    if source is None:
        return
    if part == "html" and channel is not Channel.EMAIL:
        yield Fault(path=path, reason=f"channel {channel} has no html, it goes by email only")
        return
    found = list(template_faults(source, path, html=part == "html", scope=scope))
    yield from found
    if part == "text" and not found:
        yield from length_faults(source, channel, path, settings)


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
    rules = {kind.name: kind for kind in map(kind_of, settings.rules)}
    return InForce(settings=settings, version=row.version, rules=rules, rules_on=by_event(rules.values()))


def _remembered(row: TenantSettings, result: R) -> R:
    if len(_parsed) >= _REMEMBERED:
        _parsed.clear()
    _parsed[id(row)] = (row, result)
    return result
