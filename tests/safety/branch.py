"""One gateway process on a log in memory, any part of which can be given in a version of its own."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from gateways.desk import Desk
from gateways.ledger import Ledger
from gateways.memory import MemoryLog
from gateways.offsets import Offsets
from gateways.store import MemoryStore
from gateways.work import Partition
from tests.unit.gateways.samples import LEDGER, STATUSES, Office, ScriptedProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class Fittings:
    """What a gateway is made of."""

    desk: type[Desk] = Desk
    ledger: type[Ledger] = Ledger
    offsets: type[Offsets] = Offsets


class Branch(Office):
    """One gateway process, any part of which can be given in a version of its own."""

    def __init__(
        self, log: MemoryLog, provider: ScriptedProvider, commands: Iterable[object], fittings: Fittings
    ) -> None:
        super().__init__(log, provider, commands)
        self.desk = fittings.desk(
            provider=provider,
            log=log,
            consents=self.standing,
            membership=self.standing,
            clock=lambda: self.now,
            statuses=STATUSES,
        )
        ledger = fittings.ledger(log=log, store=MemoryStore(), topic=LEDGER, partition=0)
        for offset, row in enumerate(log.rows(LEDGER)):
            ledger.restore(row.key, row.value, row.headers, offset)
        self.interrupted = ledger.restored(len(log.rows(LEDGER)))
        self.partition = Partition(number=0, ledger=ledger, offsets=defaultdict(fittings.offsets))
