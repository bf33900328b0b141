"""Rules about what a unit announces before it says anything."""

from contextlib import suppress
from datetime import timedelta

from streams.runner import StageRunner, _Place
from tests.safety.cluster import Cluster, Crashed
from tests.safety.process import NOON, TICKS_0, Parts, Process, answers, ring, tick
from tests.safety.rule import Place, Rule, require


def _with_a_whole_log(runner: type[StageRunner]) -> type[StageRunner]:
    class Here(runner):  # type: ignore[misc, valid-type]  # the class is the scenario's argument
        async def _holds_records(self, *_: object) -> bool:
            return True

    return Here


class AnyOrder(StageRunner):
    """Takes whatever source comes first after a crash."""

    async def _rest_seconds(self, place: object, consumer: object) -> float:
        return 0.0


async def what_was_said_before_a_crash_is_said_again_before_anything_else(
    runner: type[StageRunner], place: Place
) -> None:
    cluster = Cluster()
    ring(cluster, "e0")
    parts = Parts(runner=_with_a_whole_log(runner))
    process = Process(cluster, place.home, parts=parts)
    await process.run()
    tick(cluster, NOON + timedelta(seconds=1))
    cluster.crash_at = len(cluster.appends) + 2  # announced and said, but not stored
    with suppress(Crashed):
        await process.run()
    process.end()
    cluster.restarted()
    ring(cluster, "e1", at=NOON + timedelta(seconds=1))
    again = Process(cluster, place.home, parts=parts)
    events, ticks = again.fetch(), again.fetch(TICKS_0)
    assert events is not None
    assert ticks is not None
    await again.perform(events)
    require("heard e1" not in answers(cluster), "another source came first: e0 rang, and then e1 was heard before it")
    await again.perform(ticks)
    again.consumer._held.clear()
    await again.perform(events)
    again.end()
    found = answers(cluster)
    require(found["rang e0"] == 2, f"said otherwise after the crash: {found}")
    require(found["heard e1"] == 1, f"lost, or heard twice, while it waited: {found}")


class ShortOfMemory(StageRunner):
    """Announces its own units only, and forgets what was announced beyond them before a crash."""

    async def _announce(self, place: _Place, next_offset: int) -> None:
        place.announced = 0
        await super()._announce(place, next_offset)


async def an_announcement_stands_until_all_of_it_is_performed(runner: type[StageRunner], place: Place) -> None:
    cluster = Cluster()
    ring(cluster, "e0", "e1")
    parts = Parts(runner=_with_a_whole_log(runner))
    process = Process(cluster, place.home, parts=parts)
    cluster.crash_at = len(cluster.appends) + 3  # both are announced and said, but not stored
    with suppress(Crashed):
        await process.run()
    process.end()
    cluster.restarted()
    tick(cluster, NOON + timedelta(seconds=1))
    again = Process(cluster, place.home, parts=parts)
    first, ticks, second = again.fetch(limit=1), again.fetch(TICKS_0), again.fetch()
    assert first is not None
    assert ticks is not None
    assert second is not None
    await again.perform(first)
    await again.perform(ticks)
    require("rang e0" not in answers(cluster), "a tick came between two events that were announced together")
    await again.perform(second)
    again.consumer._held.clear()
    await again.perform(ticks)
    again.end()
    found = answers(cluster)
    require(found["heard e1"] == 2, f"said otherwise after the crash: {found}")
    require(found["rang e0"] == 1, f"lost, or rang twice, while it waited: {found}")


RULES = (
    Rule(
        says="what was announced before a crash comes first after it",
        kept_by=StageRunner,
        at="_rest_seconds",
        without=AnyOrder,
        scenario=what_was_said_before_a_crash_is_said_again_before_anything_else,
    ),
    Rule(
        says="an announcement stands until all of it is performed",
        kept_by=StageRunner,
        at="_announce",
        without=ShortOfMemory,
        scenario=an_announcement_stands_until_all_of_it_is_performed,
    ),
)
