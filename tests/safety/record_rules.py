"""Rules about single records: what poison may touch, and what a tick may set off."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from aiokafka.structs import ConsumerRecord

from processors.effects import Fire, Record
from schemas.topics import DEAD_LETTERS
from streams.clock_watch import ClockWatch
from streams.crash import Fatal
from streams.guard import Guard
from streams.outbox import Outbox
from streams.overlay import Overlay, Rows
from streams.store import PartitionStore
from streams.unit_of_work import Change, Output
from streams.writes import Writes
from tests.safety.cluster import Cluster
from tests.safety.process import NOON, Parts, Process, answers, letters, ring, tick
from tests.safety.rule import Place, Rule, require


class HalfDone(Guard):
    """Keeps what a function did before it failed."""

    def _perform(self, record: Record, overlay: Overlay, source: ConsumerRecord[bytes, bytes]) -> Change:
        self._last = overlay
        return super()._perform(record, overlay, source)

    def _set_aside(self, *args: Any) -> Change:
        change = super()._set_aside(*args)
        change.writes.merge(self._last.writes)
        return change


async def a_poisonous_record_can_be_applied_after_a_fix(guard: type[Guard], place: Place) -> None:
    cluster = Cluster()
    ring(cluster, "e0", poison="raise")
    process = Process(cluster, place.home, parts=Parts(guard=guard))
    await process.run()
    assert letters(cluster) == ["e0"]
    ring(cluster, "e0")
    await process.run()
    process.end()
    require("heard e0" in answers(cluster), f"lost: e0 after its replay; what came of it: {sorted(answers(cluster))}")


class WholeTicks(Guard):
    """Sets a tick aside with all of its timers when one of them fails."""

    def _fire(self, fire: Fire, overlay: Overlay, *_: Any) -> None:
        overlay.delete(fire.table, fire.key)
        for _effect in fire.effects:
            continue


async def a_timer_that_fails_stops_no_other(guard: type[Guard], place: Place) -> None:
    cluster = Cluster()
    ring(cluster, "e0", "cracked", "e1")
    tick(cluster, NOON + timedelta(seconds=1))
    process = Process(cluster, place.home, parts=Parts(guard=guard))
    await process.run()
    rang = sorted(answer for answer in answers(cluster) if answer.startswith("rang"))
    require(rang == ["rang e0", "rang e1"], f"timers stop: of e0, a cracked one and e1, these rang: {rang}")
    tick(cluster, NOON + timedelta(seconds=2))
    await process.run()
    process.end()
    require(len(letters(cluster)) == 1, f"looped on: {len(letters(cluster))} dead letters of one timer")


class NotAwaited(Outbox):
    """Sends dead letters, and does not look back."""

    async def send(self, outputs: Sequence[Output]) -> None:
        await super().send([each for each in outputs if each.topic != DEAD_LETTERS.name])
        try:
            await super().send([each for each in outputs if each.topic == DEAD_LETTERS.name])
        except Exception:  # noqa: BLE001 - this is what the rule forbids
            return


async def a_dead_letter_that_the_broker_refused_is_there_after_the_restart(outbox: type[Outbox], place: Place) -> None:
    cluster = Cluster()
    cluster.refused[DEAD_LETTERS.name] = 1
    ring(cluster, "e0", poison="raise")
    process = Process(cluster, place.home, parts=Parts(outbox=outbox))
    try:
        await process.run()
    except Exception:  # noqa: BLE001 - whatever it is, in a worker it ends the process
        assert letters(cluster) == []
    process.end()
    again = Process(cluster, place.home)
    await again.run()
    again.end()
    require(letters(cluster) == ["e0"], "lost without a trace: e0 was neither applied nor set aside")


class _Softened:
    """Rows whose trouble looks like a record's."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, key: bytes) -> bytes | None:
        try:
            return self._rows.get(key)
        except Fatal as error:
            raise OSError(str(error)) from error

    def between(self, low: bytes, high: bytes) -> Iterator[tuple[bytes, bytes]]:
        return self._rows.between(low, high)


class BlamesRecords(Guard):
    """Sets a record aside when the disk fails."""

    def apply(self, source: ConsumerRecord[bytes, bytes], stored: Rows, unit: Writes) -> Change:
        return super().apply(source, _Softened(stored), unit)


class _BrokenDisk(PartitionStore):
    """A disk on which the stage's tables cannot be read."""

    def get(self, key: bytes) -> bytes | None:
        if key.startswith(b"\x00"):
            raise Fatal("the store cannot be read")
        return super().get(key)


async def a_broken_disk_diverts_nothing(guard: type[Guard], place: Place) -> None:
    cluster = Cluster()
    ring(cluster, "e0", "e1")
    process = Process(cluster, place.home, parts=Parts(guard=guard, store=_BrokenDisk))
    try:
        await process.run()
    except Fatal:
        assert answers(cluster) == {}
    process.end()
    again = Process(cluster, place.home)
    await again.run()
    again.end()
    require(answers(cluster).keys() >= {"heard e0", "heard e1"}, f"diverted without a fault: {letters(cluster)}")


class Believing(ClockWatch):
    """Takes every tick for true."""

    def allows(self, tick_at: datetime) -> bool:
        return True


async def a_broker_clock_that_jumps_ahead_fires_nothing(clock: type[ClockWatch], place: Place) -> None:
    cluster = Cluster()
    ring(cluster, "e0")
    process = Process(cluster, place.home, parts=Parts(clock=clock(NOON)))
    tick(cluster, NOON + timedelta(days=1))
    await process.run()
    require("rang e0" not in answers(cluster), "fired a day too soon: the timer of e0")
    tick(cluster, NOON + timedelta(seconds=1))
    await process.run()
    process.end()
    require("rang e0" in answers(cluster), "lost: the timer of e0, when the clock was right again")


RULES = (
    Rule(
        says="what a failed record did is dropped",
        kept_by=Guard,
        at="apply",
        without=HalfDone,
        scenario=a_poisonous_record_can_be_applied_after_a_fix,
    ),
    Rule(
        says="a timer that fails stops no other",
        kept_by=Guard,
        at="_fire",
        without=WholeTicks,
        scenario=a_timer_that_fails_stops_no_other,
    ),
    Rule(
        says="a dead letter is awaited",
        kept_by=Outbox,
        at="send",
        without=NotAwaited,
        scenario=a_dead_letter_that_the_broker_refused_is_there_after_the_restart,
    ),
    Rule(
        says="no record is blamed for the disk",
        kept_by=Guard,
        at="apply",
        without=BlamesRecords,
        scenario=a_broken_disk_diverts_nothing,
    ),
    Rule(
        says="a tick from an impossible future fires nothing",
        kept_by=ClockWatch,
        at="allows",
        without=Believing,
        scenario=a_broker_clock_that_jumps_ahead_fires_nothing,
    ),
)
