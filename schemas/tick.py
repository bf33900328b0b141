"""A tick: one per partition and second; it drives every timer, so that no stage reads a clock."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """The time is the record's own timestamp; `ticker` names who sent it."""

    ticker: str
