"""That an event was taken, and how many outcomes it was given, where nothing else says so; topic `audience`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An event which only changes state was taken, and answered with so many outcomes at once; mostly with none.

    It stands where nothing else names the event, and where its decisions would not be missed. No stage acts on it: an
    audit holds events and decisions against it.
    """

    tenant: str
    event_id: str
    outcomes: int
