"""Rules about the consumer: what is delivered, once and in order, and what may be committed."""

from collections.abc import Iterable, Iterator
from typing import Any

from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.consumer import Consumer
from tests.safety.cluster import Cluster
from tests.safety.line import Line
from tests.safety.process import EVENTS_0, Parts, Process, answers, ring
from tests.safety.rule import Place, Rule, require

IDS = ("e0", "e1", "e2")


class FaustCommits(Consumer):
    """Commits what Faust has acked."""

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return driver.Consumer._filter_tps_with_pending_acks(self, topics)

    def _filter_committable_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        return driver.Consumer._filter_committable_offsets(self, tps)


async def a_batch_that_faust_acked_and_nobody_performed_comes_again(consumer: type[Consumer], place: Place) -> None:
    """Faust acks the event of an agent that raised; its timer commits before the process has ended."""
    cluster = Cluster()
    ring(cluster, *IDS)
    process = Process(cluster, place.home, parts=Parts(consumer=consumer))
    batch = process.fetch()
    assert batch is not None
    process.consumer._acked[EVENTS_0] = [record.offset for record in batch.records]
    process.commit()
    process.end()
    again = Process(cluster, place.home, parts=Parts(consumer=consumer))
    await again.run()
    again.end()
    lost = [each for each in IDS if f"heard {each}" not in answers(cluster)]
    require(not lost, f"lost: {lost}")


class NoGate(Consumer):
    """Takes every partition for a changelog, so that recovery fetches and delivers sources, too."""

    def _is_changelog_tp(self, tp: TP) -> bool:
        return True


async def what_waits_while_state_is_recovered_is_delivered_afterwards(consumer: type[Consumer], place: Place) -> None:
    line = _line(consumer, place)
    line.app.rebalancing = True
    async with line.draining():
        await line.fetched()
        line.clear_queues()
        line.app.rebalancing = False
        await line.fetched()
    line.perform()
    _require_all(line)


class AfterRecovery(Consumer):
    """Delivers whatever a fetch brings, also one that was asked for before the rebalance."""

    def _is_changelog_tp(self, tp: TP) -> bool:
        return not getattr(self, "_is_asking", False)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        self._is_asking = True
        try:
            return await super()._getmany(active_partitions, timeout)
        finally:
            self._is_asking = False


async def a_fetch_that_returns_during_recovery_is_not_lost(consumer: type[Consumer], place: Place) -> None:
    line = _line(consumer, place)
    line.in_the_middle = line.app.on_rebalance_start
    async with line.draining():
        await line.fetched()
        line.clear_queues()
        line.app.rebalancing = False
        await line.fetched()
    line.perform()
    _require_all(line)


class Forgets(Consumer):
    """Lets go of what it cannot deliver."""

    async def _fetch_again(self, tp: TP, chunk: Any) -> None:
        return


async def what_could_not_be_delivered_is_fetched_again(consumer: type[Consumer], place: Place) -> None:
    """The flow is stopped between the fetch and its delivery, as at the start of every rebalance."""
    line = _line(consumer, place)
    line.in_the_middle = line.consumer.stop_flow
    async with line.draining():
        await line.fetched()
        line.consumer.resume_flow()
        await line.fetched()
    line.perform()
    _require_all(line)


class Unlooked(Consumer):
    """Delivers a fetch wherever the position stands now."""

    def _follows(self, tp: TP, chunk: Any) -> bool:
        return True


async def a_fetch_from_an_abandoned_place_is_not_delivered(consumer: type[Consumer], place: Place) -> None:
    """Somebody seeks back while the fetch is on its way: it comes again, from there."""
    line = _line(consumer, place)
    line.seek(EVENTS_0, 1)
    line.in_the_middle = lambda: line.seek(EVENTS_0, 0)
    async with line.draining():
        await line.fetched(5)
    line.perform()
    require(line.delivered == sorted(set(line.delivered)), f"doubled, out of order: {line.delivered}")
    _require_all(line)


def _line(consumer: type[Consumer], place: Place) -> Line:
    cluster = Cluster()
    ring(cluster, *IDS)
    return Line(cluster, place.home, consumer)


def _require_all(line: Line) -> None:
    lost = sorted({*range(len(IDS))} - {*line.delivered})
    require(not lost, f"lost: offsets {lost} were fetched and never delivered")


RULES = (
    Rule(
        says="only what was settled is committed",
        kept_by=Consumer,
        at="_filter_committable_offsets",
        without=FaustCommits,
        scenario=a_batch_that_faust_acked_and_nobody_performed_comes_again,
    ),
    Rule(
        says="sources are not fetched before recovery is over",
        kept_by=Consumer,
        at="_getmany",
        without=NoGate,
        scenario=what_waits_while_state_is_recovered_is_delivered_afterwards,
    ),
    Rule(
        says="a fetch of before a rebalance is not delivered during recovery",
        kept_by=Consumer,
        at="_deliver",
        without=AfterRecovery,
        scenario=a_fetch_that_returns_during_recovery_is_not_lost,
    ),
    Rule(
        says="what could not be delivered is fetched again",
        kept_by=Consumer,
        at="_fetch_again",
        without=Forgets,
        scenario=what_could_not_be_delivered_is_fetched_again,
    ),
    Rule(
        says="a fetch is delivered only where the position follows it",
        kept_by=Consumer,
        at="_follows",
        without=Unlooked,
        scenario=a_fetch_from_an_abandoned_place_is_not_delivered,
    ),
)
