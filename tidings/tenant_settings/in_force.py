"""Every setting that is in force for a tenant: what was set, and the defaults of all that was not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import time, timedelta
from enum import Enum
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from processors.settings import parse
from schemas.kind_settings import PLANNED, KindSettings
from schemas.rule_settings import PREFIX
from schemas.settings import Settings
from schemas.settings_sections import CHANNEL_KEYS
from schemas.values import duration_to_text
from schemas.words import Channel

MASK = "•••"
_AS_WRITTEN = ("rules", "templates")
"""Sections without defaults of their own that stand in the document in another form than in the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value, by its dotted path."""

    path: str
    value: object
    is_default: bool


def settings_in_force(document: Mapping[str, object]) -> tuple[Setting, ...]:
    """All settings in the order of the reference, secrets masked; raises Refused for a document that is not valid."""
    settings = parse(document)
    found: list[Setting] = []
    for one in fields(Settings):
        said = document.get(one.name)
        if one.name in _AS_WRITTEN:
            found += _leaves(one.name, None, said)
        else:
            found += _leaves(one.name, _defaults(settings, one.name), said)
    return tuple(found)


def masked(path: str, value: object) -> object:
    """The value as it may be shown: what is secret is not."""
    if path.rpartition(".")[2] == "secret" and value is not None:
        return MASK
    if isinstance(value, Mapping):
        return {key: masked(f"{path}.{key}", inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(path, inner) for inner in value]
    return value


def _leaves(path: str, default: object, said: object) -> Iterator[Setting]:
    """What was said wins; a default that is unset or empty is not shown."""
    if isinstance(said, Mapping) or (said is None and isinstance(default, Mapping)):
        inner, by_default = _mapping(said), _mapping(default)
        for key in dict.fromkeys((*by_default, *inner)):
            yield from _leaves(f"{path}.{key}", by_default.get(key), inner.get(key))
    elif said is not None:
        yield Setting(path=path, value=masked(path, said), is_default=False)
    elif default not in (None, "", [], ()):
        yield Setting(path=path, value=masked(path, default), is_default=True)


def _defaults(settings: Settings, name: str) -> object:
    if name == "kinds":
        return {kind: _of_kind(own) for kind, own in settings.kinds.items() if not kind.startswith(PREFIX)}
    plain = _plain(_adapter(name).dump_python(getattr(settings, name), by_alias=True))
    if name == "channels":
        return {channel: _of_channel(channel, own) for channel, own in _mapping(plain).items()}
    if name == "billing" and settings.billing.sms is not None and settings.billing.sms.model != "block":
        _mapping(_mapping(plain)["sms"]).pop("count")
    return plain


def _of_channel(channel: str, plain: object) -> dict[str, object]:
    """Without what only other channels have."""
    foreign = frozenset[str]().union(*CHANNEL_KEYS.values()) - CHANNEL_KEYS.get(Channel(channel), frozenset())
    return {key: value for key, value in _mapping(plain).items() if key not in foreign}


def _of_kind(settings: KindSettings) -> object:
    plain = _plain(TypeAdapter(type(settings)).dump_python(settings, by_alias=True))
    if isinstance(plain, dict) and type(settings) not in PLANNED:
        del plain["late_policy"]
    return plain


def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(Settings, include_extras=True)[name])


def _plain(value: object) -> object:
    """As people write it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, timedelta):
        return duration_to_text(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, Enum):
        return value.value
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
