"""What one section of the settings says of another; a section that is wrong in itself is not asked."""

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from schemas.faults import Fault
from schemas.near import perhaps
from schemas.partial import where_read

if TYPE_CHECKING:
    from schemas.rules import Rule
    from schemas.settings import Settings
    from schemas.settings_sections import Building


def cross_faults(settings: "Settings", document: Mapping[str, object]) -> Iterator[Fault]:
    """Names that stand nowhere, and what only goes together."""
    yield from _brands(settings)
    yield from _programmes(settings)
    yield from _currency(settings, document)
    yield from _postal_class(settings)


@where_read
def _brands(settings: "Settings") -> Iterator[Fault]:
    for key, building in settings.buildings.items():
        yield from _brand(f"buildings.{key}.brand", building, settings)


@where_read
def _brand(path: str, building: "Building", settings: "Settings") -> Iterator[Fault]:
    if building.brand is not None and building.brand not in settings.brands:
        yield Fault(path=path, reason=_no_key("brands", building.brand, settings.brands))


@where_read
def _programmes(settings: "Settings") -> Iterator[Fault]:
    for number, rule in enumerate(settings.rules):
        yield from _programme(f"rules.{number}.programme", rule, settings)


@where_read
def _programme(path: str, rule: "Rule", settings: "Settings") -> Iterator[Fault]:
    if rule.programme is not None and rule.programme not in settings.programmes:
        yield Fault(path=path, reason=_no_key("programmes", rule.programme, settings.programmes))


def _no_key(section: str, name: str, known: Collection[str]) -> str:
    keys = perhaps(name, known) or (f"; its keys are {', '.join(known)}" if known else "; it has none")
    return f"is no key of {section}: {name!r}{keys}"


@where_read
def _currency(settings: "Settings", document: Mapping[str, object]) -> Iterator[Fault]:
    if "billing" in document and "currency" not in document and settings.currency:
        yield Fault(path="currency", reason="is missing: billing needs it")


@where_read
def _postal_class(settings: "Settings") -> Iterator[Fault]:
    letter, postal_class = settings.billing.letter, settings.letter.class_
    if letter is not None and postal_class not in letter.price_per_sheet:
        reason = f"has no price for the class of the tenant's letters, {postal_class!r}"
        yield Fault(path="billing.letter.price_per_sheet", reason=reason)
