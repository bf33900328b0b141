"""What a timing counts from, without an event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True, kw_only=True)
class Told:
    """Satisfies `Telling`."""

    time: datetime
    data: Mapping[str, object]
    timezone: str
    contact_timezone: str
