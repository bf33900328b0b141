"""How many outcomes an event was given that also could have had none; topic `audience`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An event which only changes state was answered all the same, with so many outcomes at once.

    No stage acts on it: an audit holds the decisions against it, which nothing else would miss.
    """

    tenant: str
    event_id: str
    outcomes: int
