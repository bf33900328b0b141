"""The supervisor of one machine: whatever ends there is started again, and what ended for no good reason is told."""

from collections.abc import Callable

from aiokafka.errors import KafkaError

from gateways.ledger import ForeignWrite
from streams.crash import Fatal
from tests.simulation.loop import rest, running
from tests.simulation.process import Killed, Process
from tests.simulation.storm import RESTART_SECONDS, Storm

Build = Callable[[Process], None]
"""Puts into a new process what runs in it."""
_CRASHES = (Killed, Fatal, ForeignWrite, KafkaError)
"""Ends that the protocol provides for; everything else is a fault of the code."""


class Machine:
    """One named place where one process at a time runs."""

    def __init__(self, name: str, storm: Storm, build: Build) -> None:
        self.name = name
        self.storm = storm
        self.unexpected: list[BaseException] = []
        self.process: Process | None = None
        self._build = build
        self._running = running().create_task(self._run())

    async def _run(self) -> None:
        """Keep one process running."""
        while True:
            process = self.process = Process(self.name, self.storm)
            self.storm.step(f"{self.name} starts")
            self._build(process)
            error = await process.ended
            for each in _flat(error):
                if isinstance(each, _CRASHES):
                    self.storm.step(f"{self.name} ends: {each!r}")
                else:
                    self.unexpected.append(each)
            await rest(RESTART_SECONDS * (1 + self.storm.rng.random()))


def _flat(error: BaseException | None) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [each for inner in error.exceptions for each in _flat(inner)]
    return [] if error is None else [error]
