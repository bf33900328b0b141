"""A stage: one keyed state machine of the topology, as data; any runner can perform it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from processors.effects import Function, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What it reads and with which function, what it keeps, what it joins in full.

    `tables` are prefixes inside the stage's one store: append only, never reorder. `timers` names the table whose keys
    begin with a due time (`processors.timers`), so that a runner can tell when something is due.
    """

    name: str
    reads: Mapping[str, Function]
    tables: tuple[Table[Any], ...]
    shared: tuple[str, ...] = ()
    timers: Table[Any] | None = None
