"""Stop 2 of 9 — settings. Before: event. After: decide. The settings that are in force for a tenant, typed."""

from collections.abc import Mapping
from dataclasses import dataclass

from processors.effects import Tables
from processors.kinds import KINDS
from schemas.kind_settings import KindSettings
from schemas.settings import Settings, parse_settings
from schemas.state import TenantSettings
from schemas.topics import SETTINGS

KNOWN_KINDS: dict[str, type[KindSettings]] = {kind.name: kind.settings for kind in KINDS.values()}
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """One tenant's settings and their version, which every decision names."""

    settings: Settings
    version: int


def parse(document: Mapping[str, object]) -> Settings:
    """A settings document as a record; raises Refused with one fault per thing that is wrong."""
    return parse_settings(document, KNOWN_KINDS)


_parsed: dict[int, tuple[TenantSettings, InForce]] = {}


def in_force(tables: Tables, tenant: str) -> InForce | None:
    """The tenant's settings as this stage's full copy of topic `settings` has them; None for an unknown tenant."""
    row = tables.shared(SETTINGS.name, tenant)
    return typed(row) if isinstance(row, TenantSettings) else None


def typed(row: TenantSettings) -> InForce:
    """The record of one version; parsed once for as long as the same row is looked up."""
    found = _parsed.get(id(row))
    if found is not None and found[0] is row:
        return found[1]
    if len(_parsed) >= _REMEMBERED:
        _parsed.clear()
    result = InForce(settings=parse(row.document), version=row.version)
    _parsed[id(row)] = (row, result)
    return result
