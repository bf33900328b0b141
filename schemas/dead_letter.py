"""A dead letter: a record that could not be read or applied, kept as it came, with what is wrong, and its replays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from pydantic import ConfigDict

from schemas.faults import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """The original bytes, where they stood, and the faults; replayable after a fix.

    With `timer` it is no record but one of the timers that fired at the tick that stood there, counted from 1.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(val_json_bytes="base64")

    topic: str
    partition: int
    offset: int
    stage: str
    at: datetime
    faults: tuple[Fault, ...]
    key: bytes | None = None
    value: bytes | None = None
    headers: Mapping[str, bytes] = field(default_factory=dict)
    tenant: str | None = None
    type: str | None = None
    event_id: str | None = None
    stack: str | None = None
    timer: int | None = None

    @property
    def id(self) -> str:
        """Where the original stood: `topic/partition/offset`; of a timer, `topic/partition/offset/stage/number`."""
        place = f"{self.topic}/{self.partition}/{self.offset}"
        return place if self.timer is None else f"{place}/{self.stage}/{self.timer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A dead letter was published again, unchanged, and now stands at this place; its key is the letter's id."""

    letter: str
    topic: str
    partition: int
    offset: int
    at: datetime

    @property
    def place(self) -> str:
        """Where the new record stands; if it is refused again, that is the id of its dead letter."""
        return f"{self.topic}/{self.partition}/{self.offset}"
