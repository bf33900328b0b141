"""The topology as data: the stages in the order in which a message travels.

Every runner performs this very list: Faust on Kafka (`streams.worker`), and the in-memory runner on a virtual clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from processors.effects import Function, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One keyed state machine: what it reads and with which function, what it keeps, what it joins in full.

    `tables` are prefixes inside the stage's one store: append only, never reorder. `timers` names the table whose keys
    begin with a due time (`processors.timers`), so that a runner can tell when something is due.
    """

    name: str
    reads: Mapping[str, Function]
    tables: tuple[Table[object], ...]
    shared: tuple[str, ...] = ()
    timers: Table[object] | None = None
