"""Event records without fixed fields: merge patches, and the free map of types that only rules know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """What every record of an event type is; unknown keys are refused."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch(EventRecord):
    """A JSON merge patch (RFC 7396) of settings or of a contact; `None` erases."""

    patch: Mapping[str, object] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeRecord(EventRecord):
    """A free map; its `roles` (role → contact id), if any, are strings."""

    values: Mapping[str, object]
