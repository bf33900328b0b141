"""Stop 1 of 9 — event. After: settings. One envelope for everything that happens.

Its attributes bear the names of CloudEvents 1.0; how it travels is `schemas.wire` (contract section 1).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from pydantic import ConfigDict

from schemas.events import EventRecord
from schemas.making import made_quickly
from schemas.words import ActorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it; an actor without roles has none."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: ActorKind = ActorKind.SYSTEM
    id: str | None = None
    name: str | None = None
    roles: tuple[str, ...] = ()


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact another system published; `tenant`, `source` and `id` together are its identity."""

    id: str
    type: str
    tenant: str
    time: datetime
    data: EventRecord
    source: str = "/"
    subject: str = ""
    actor: Actor = field(default_factory=Actor)

    @property
    def key(self) -> str:
        """The Kafka key: all that concerns one contact is on one partition."""
        return f"{self.tenant}|{self.subject}"
