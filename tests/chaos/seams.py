"""Seams: the points of the store protocol at which a worker can be told to kill itself with SIGKILL.

The product has no such switch. Its outbox, journal and runner are subclassed here, and the worker of the chaos run puts
these in their place before it starts (`tests.chaos.worker`). A worker is armed with a file that names the seam.
"""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

from streams.journal import Journal
from streams.outbox import Outbox
from streams.runner import StageRunner
from streams.unit_of_work import Output
from streams.writes import Writes
from tests.chaos.notes import Notebook, What

SIGNED_BY = "by"
"""The header that says which process sent an output."""

_MANY_WRITES = 3
"""A unit with no more is a tick at which nothing was due."""
_IN_FLIGHT_SECONDS = 0.004
_FIRST_ROWS = b"\0"


class Seam(StrEnum):
    """Where a worker ends, in the order in which a unit of work passes."""

    BEFORE_OUTPUTS = "before outputs"
    OUTPUTS_IN_FLIGHT = "outputs in flight"
    OUTPUTS_ACKED = "outputs acked, unit not"
    APPEND_IN_FLIGHT = "append in flight"
    UNIT_ACKED = "unit acked, RocksDB not"
    STORED = "RocksDB written, not settled"
    TORN_UNIT = "half a unit appended"
    """Only for the control, whose journal appends record by record."""

    @property
    def is_of_the_product(self) -> bool:
        """Whether the product's own protocol has it."""
        return self is not Seam.TORN_UNIT


def armed_path(home: Path, worker: str) -> Path:
    """The file that names the seam at which this worker ends next."""
    return home / f"{worker}.armed"


class Fuse:
    """What burns through at a seam; one per process."""

    def __init__(self, home: Path, worker: str) -> None:
        self._armed = armed_path(home, worker)
        self._notebook = Notebook(home)
        self._worker = worker
        self.signed = ((SIGNED_BY, f"{worker}:{os.getpid()}".encode()),)

    def is_armed(self, seam: Seam) -> bool:
        """Whether this process ends here."""
        return self._armed.exists() and self._armed.read_text() == seam

    def blow(self, seam: Seam) -> NoReturn:
        """End this process as a power cut would; its next start is spared."""
        self._armed.unlink()
        self._notebook.write(self._worker, What.DIED, seam=seam)
        os.kill(os.getpid(), signal.SIGKILL)
        raise SystemExit(f"{seam}: outlived SIGKILL")

    async def blow_during(self, seam: Seam, sending: Awaitable[object]) -> NoReturn:
        """End while this is under way."""
        task = asyncio.ensure_future(sending)
        await asyncio.wait([task], timeout=random.random() * _IN_FLIGHT_SECONDS)
        self.blow(seam)


def seamed_outbox(fuse: Fuse) -> type[Outbox]:
    """An outbox that signs what it sends, with its seams."""

    class SeamedOutbox(Outbox):
        async def send(self, outputs: Sequence[Output]) -> None:
            signed = [each._replace(headers=each.headers + fuse.signed) for each in outputs]
            if not signed:
                return
            if fuse.is_armed(Seam.BEFORE_OUTPUTS):
                fuse.blow(Seam.BEFORE_OUTPUTS)
            if fuse.is_armed(Seam.OUTPUTS_IN_FLIGHT):
                await fuse.blow_during(Seam.OUTPUTS_IN_FLIGHT, super().send(signed))
            await super().send(signed)
            if fuse.is_armed(Seam.OUTPUTS_ACKED):
                fuse.blow(Seam.OUTPUTS_ACKED)

    return SeamedOutbox


def seamed_journal(fuse: Fuse) -> type[Journal]:
    """A journal with its seams."""

    class SeamedJournal(Journal):
        async def append(self, partition: int, writes: Writes, expected: int) -> int:
            appending = super().append(partition, writes, expected)
            if len(writes) <= _MANY_WRITES:
                return await appending
            if fuse.is_armed(Seam.APPEND_IN_FLIGHT):
                await fuse.blow_during(Seam.APPEND_IN_FLIGHT, appending)
            last = await appending
            if fuse.is_armed(Seam.UNIT_ACKED):
                fuse.blow(Seam.UNIT_ACKED)
            return last

    return SeamedJournal


def seamed_runner(fuse: Fuse) -> type[StageRunner]:
    """A runner with its seam."""

    class SeamedRunner(StageRunner):
        async def _finish(self, unit, place, next_offset):  # type: ignore[no-untyped-def]  # as the runner's
            await super()._finish(unit, place, next_offset)
            if len(unit.writes) > _MANY_WRITES and fuse.is_armed(Seam.STORED):
                fuse.blow(Seam.STORED)

    return SeamedRunner


def torn_journal(fuse: Fuse) -> type[Journal]:
    """A journal whose last unit before the end stops halfway, as where each write is a record of its own.

    The last row that is appended says that an event is known; those of its timers would follow.
    """

    class TornJournal(Journal):
        async def append(self, partition: int, writes: Writes, expected: int) -> int:
            takes_events = any(key.startswith(_FIRST_ROWS) for key, _ in writes.items())
            if not (takes_events and fuse.is_armed(Seam.TORN_UNIT)):
                return await super().append(partition, writes, expected)
            half = Writes()
            for key, value in writes.items():
                half.put(key, value)
                if key.startswith(_FIRST_ROWS):
                    break
            await super().append(partition, half, expected)
            return fuse.blow(Seam.TORN_UNIT)

    return TornJournal
