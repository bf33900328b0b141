"""A portion: an event on its way to some of the many contacts it concerns; topic `audience`."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """An event and those who are to hear of it; `event` is its structured JSON.

    Under the key of its only contact it has arrived; under any other key it is divided further.
    """

    tenant: str
    event_id: str
    event: Mapping[str, object]
    contacts: tuple[str, ...]
