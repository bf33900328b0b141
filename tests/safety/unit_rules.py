"""Rules about what one unit of work stores, and in which order."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from streams.crash import Fatal
from streams.journal import Journal
from streams.outbox import Outbox
from streams.runner import StageRunner
from streams.unit_of_work import Output, UnitOfWork
from streams.writes import Writes
from tests.safety.cluster import Cluster, Crashed
from tests.safety.process import EVENTS_0, Parts, Process, answers, ring
from tests.safety.rule import Place, Rule, require

IDS = ("e0", "e1", "e2", "e3")
_APPENDS = 6
"""Two units of two records, each announced, with an append of outputs and one of state."""


async def _crash_anywhere(parts: Parts, place: Place, *, commits: bool = True) -> None:
    """Crash before and after each append, go on with and without the disk: each event is heard, and seen once."""
    for number in range(_APPENDS):
        for case, (after, keeps_disk) in enumerate(((False, True), (True, True), (False, False), (True, False))):
            cluster = Cluster(crash_at=number, crash_after=after)
            ring(cluster, *IDS)
            home = place.home / f"{number}-{case}"
            await _crash(Process(cluster, home, parts=parts), keeps_disk=keeps_disk, commits=commits)
            cluster.restarted()
            again = Process(cluster, home, parts=parts)
            await again.run(limit=2)
            how = f"after a crash {'after' if after else 'before'} append {number}"
            found = answers(cluster)
            require(found.keys() >= {f"heard {each}" for each in IDS}, f"lost {how}: {_missing(found)}")
            require(not _repeated(found), f"seen twice {how}: {_repeated(found)}")
            again.end()


async def _crash(process: Process, *, keeps_disk: bool, commits: bool) -> None:
    try:
        await process.run(limit=2)
    except (Crashed, Fatal):
        if commits:
            process.commit()
    if keeps_disk:
        process.end()
    else:
        process.lose_disk()


def _missing(found: dict[str, int]) -> list[str]:
    return [each for each in IDS if f"heard {each}" not in found]


def _repeated(found: dict[str, int]) -> list[str]:
    return sorted(each for each in found if each.startswith("again "))


class _Held:
    """Outputs that have to wait."""

    def __init__(self) -> None:
        self.outputs: Sequence[Output] = ()

    async def send(self, outputs: Sequence[Output]) -> None:
        self.outputs = outputs


class _ThenOutputs:
    """A journal after which the outputs leave."""

    def __init__(self, journal: Journal, held: _Held, outbox: Outbox) -> None:
        self._journal, self._held, self._outbox = journal, held, outbox

    async def append(self, partition: int, writes: Writes, expected: int) -> int:
        last = await self._journal.append(partition, writes, expected)
        await self._outbox.send(self._held.outputs)
        return last


class StateFirst(StageRunner):
    """Stores the state before the outputs."""

    async def _finish(self, unit: UnitOfWork, place: object, next_offset: int) -> None:
        outbox, journal, held = self._outbox, self._journal, _Held()
        self._outbox, self._journal = held, _ThenOutputs(journal, held, outbox)  # type: ignore[assignment]  # doubles
        try:
            await super()._finish(unit, place, next_offset)  # type: ignore[arg-type]  # the runner's own record
        finally:
            self._outbox, self._journal = outbox, journal


async def a_crash_between_outputs_and_state_loses_nothing(runner: type[StageRunner], place: Place) -> None:
    await _crash_anywhere(Parts(runner=runner), place)


class RecordByRecord(Journal):
    """Appends each write as a batch of its own."""

    async def append(self, partition: int, writes: Writes, expected: int) -> int:
        last = expected
        for number, (key, value) in enumerate(writes.items()):
            one = Writes()
            one.put(key, value)
            last = await super().append(partition, one, expected + number)
        return last


async def a_crash_leaves_all_of_a_unit_or_nothing(journal: type[Journal], place: Place) -> None:
    await _crash_anywhere(Parts(journal=journal), place)


class WithoutPosition(Journal):
    """Keeps the position out of the changelog."""

    async def append(self, partition: int, writes: Writes, expected: int) -> int:
        rows = Writes()
        for key, value in writes.items():
            if not key.startswith(b"\xff"):
                rows.put(key, value)
        return await super().append(partition, rows, expected)


async def a_record_is_not_seen_again_wherever_its_partition_goes(journal: type[Journal], place: Place) -> None:
    await _crash_anywhere(Parts(journal=journal), place, commits=False)


class FromTheStart(StageRunner):
    """Performs whatever is in a batch."""

    def _place(self, batch, consumer):  # type: ignore[no-untyped-def]  # as the runner's
        place = super()._place(batch, consumer)
        place.position = min(place.position, batch.first_offset)
        return place


async def a_record_that_comes_again_is_passed_over(runner: type[StageRunner], place: Place) -> None:
    await _crash_anywhere(Parts(runner=runner), place, commits=False)


class Backwards(StageRunner):
    """Stores any position."""

    async def _finish(self, unit, place, next_offset):  # type: ignore[no-untyped-def]  # as the runner's
        place.position = min(place.position, next_offset - 1)
        await super()._finish(unit, place, next_offset)


async def a_position_never_goes_back(runner: type[StageRunner], place: Place) -> None:
    """A defect above wants to store an older position: that must end the process, not be stored."""
    cluster = Cluster()
    ring(cluster, *IDS)
    process = Process(cluster, place.home, parts=Parts(runner=runner))
    batch = process.fetch()
    assert batch is not None
    await process.perform(batch)
    where = process.runner._place(batch, process.consumer)
    with suppress(Fatal):
        await process.runner._finish(UnitOfWork(), where, 2)
    process.end()
    again = Process(cluster, place.home)
    await again.run()
    again.end()
    require(not _repeated(answers(cluster)), f"seen twice: {_repeated(answers(cluster))}")


class Careless(Outbox):
    """Goes on when the broker did not take an output."""

    async def send(self, outputs: Sequence[Output]) -> None:
        await asyncio.gather(super().send(outputs), return_exceptions=True)


async def an_output_that_the_broker_refused_is_sent_after_the_restart(outbox: type[Outbox], place: Place) -> None:
    cluster = Cluster()
    cluster.refused["audience"] = 1
    ring(cluster, *IDS)
    process = Process(cluster, place.home, parts=Parts(outbox=outbox))
    try:
        await process.run()
    except Exception:  # noqa: BLE001 - whatever it is, in a worker it ends the process
        assert cluster.log(EVENTS_0)
    process.end()
    again = Process(cluster, place.home)
    await again.run()
    again.end()
    require(not _missing(answers(cluster)), f"lost: the answers to {_missing(answers(cluster))}")


RULES = (
    Rule(
        says="outputs are stored before the state",
        kept_by=StageRunner,
        at="_finish",
        without=StateFirst,
        scenario=a_crash_between_outputs_and_state_loses_nothing,
    ),
    Rule(
        says="a unit is stored whole or not at all",
        kept_by=Journal,
        at="append",
        without=RecordByRecord,
        scenario=a_crash_leaves_all_of_a_unit_or_nothing,
    ),
    Rule(
        says="the position is part of the unit",
        kept_by=Journal,
        at="append",
        without=WithoutPosition,
        scenario=a_record_is_not_seen_again_wherever_its_partition_goes,
    ),
    Rule(
        says="records below the position are passed over",
        kept_by=StageRunner,
        at="perform",
        without=FromTheStart,
        scenario=a_record_that_comes_again_is_passed_over,
    ),
    Rule(
        says="positions only grow",
        kept_by=StageRunner,
        at="_finish",
        without=Backwards,
        scenario=a_position_never_goes_back,
    ),
    Rule(
        says="a failed send is fatal",
        kept_by=Outbox,
        at="send",
        without=Careless,
        scenario=an_output_that_the_broker_refused_is_sent_after_the_restart,
    ),
)
