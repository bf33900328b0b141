"""What of Faust's consumer, its thread and aiokafka's subscription the engine replaces, and what it looks at."""

import asyncio
from pathlib import Path
from typing import Any

from aiokafka import TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.consumer import Consumer
from tests.contracts.rig import EVENTS, batch_of, ours
from tests.contracts.upgrade import promised, still_needed
from tests.safety.cluster import Cluster
from tests.safety.line import Line

OTHER = TP("events", 1)
FOLLOWS = "streams.consumer.Consumer._follows"


class Committing(Consumer):
    """Says what it would commit."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.commits: list[dict[TP, int]] = []

    async def _commit_offsets(self, offsets: Any, start_new_transaction: bool = True) -> bool:
        self.commits.append(dict(offsets))
        self._committed_offset.update(offsets)
        return True


async def _ignored(*_: object) -> None:
    return


def committing(home: Path) -> Committing:
    app = ours(home)
    app.consumer = consumer = Committing(app.transport, _ignored, _ignored, _ignored)
    return consumer


async def test_faust_commits_what_our_filters_let_through(tmp_path: Path) -> None:
    consumer = committing(tmp_path)
    app: Any = consumer.app
    consumer._acked[OTHER] = [0, 1, 2]
    await consumer.commit()
    consumer.settle(batch_of(app, 0, 5))
    await consumer.commit()
    await consumer.commit()
    promised(
        consumer.commits == [{EVENTS: 5}],
        "that each way to a commit asks _filter_tps_with_pending_acks and then _filter_committable_offsets.",
        "streams.consumer.Consumer, which lets only settled offsets through these two,",
    )


async def test_a_commit_never_passes_a_batch_that_is_not_settled(tmp_path: Path) -> None:
    """Faust acks in any order; the engine settles a partition's batches in theirs."""
    consumer = committing(tmp_path)
    app: Any = consumer.app
    settled = 0
    for first, acked in ((0, 40), (5, 35), (10, 20)):
        consumer._acked[EVENTS] = list(range(acked))
        consumer._acked_index[EVENTS] = set(range(acked))
        await consumer.commit()
        consumer.settle(batch_of(app, first, 5))
        await consumer.commit()
        settled = first + 5
        promised(
            consumer.commits[-1] == {EVENTS: settled},
            f"that no more than the {settled} settled offsets are committed.",
            "streams.consumer.Consumer._filter_committable_offsets",
        )
    old = batch_of(app, 15, 5)
    app.consumer_generation_id += 1
    await consumer.on_partitions_revoked({EVENTS})
    consumer.settle(old)
    count = len(consumer.commits)
    await consumer.commit()
    promised(
        len(consumer.commits) == count,
        "that a batch of before a rebalance commits nothing after it.",
        "streams.consumer.Consumer.settle and on_partitions_revoked",
    )


async def test_faust_hands_revocations_to_the_consumer(tmp_path: Path) -> None:
    app = ours(tmp_path)
    called: list[set[TP]] = []

    class Revoked(Consumer):
        async def on_partitions_revoked(self, revoked: set[TP]) -> None:
            called.append(revoked)

    consumer: Any = Revoked(app.transport, _ignored, _ignored, _ignored)
    thread = consumer._thread
    thread.thread_loop = asyncio.get_running_loop()
    await consumer._method_queue.start()
    await driver.ConsumerRebalanceListener(thread).on_partitions_revoked([TopicPartition(*EVENTS)])
    await consumer._method_queue.stop()
    promised(
        called == [{EVENTS}],
        "that a rebalance calls Consumer.on_partitions_revoked, and waits for it, before partitions move.",
        "streams.consumer.Consumer.on_partitions_revoked",
    )


async def test_the_fetch_goes_through_our_gate(tmp_path: Path) -> None:
    """During a rebalance sources are not asked for, with Faust's own loop around ours."""
    asked: list[set[TP]] = []

    class Asking(Consumer):
        async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
            fetched = await super()._getmany(active_partitions, timeout)
            asked.append({TP(*tp) for tp in fetched})
            return fetched

    line = Line(Cluster(), tmp_path, Asking)
    for tp in (EVENTS, line.changelog):
        line.cluster.append(tp, [(0, b"k", b"v", ())])
    line.app.rebalancing = True
    fetched, active = await line.consumer._wait_next_records(0.1)
    where = "streams.consumer.Consumer._getmany and _drain_messages"
    promised(
        set(fetched or {}) == {line.changelog} and asked == [{line.changelog}],
        "that _wait_next_records gives what _getmany fetched, and that changelogs are told by _is_changelog_tp.",
        where,
    )
    promised(active == {EVENTS, line.changelog}, "that _wait_next_records asks for the active partitions.", where)


async def test_stock_faust_fetches_sources_during_a_rebalance(tmp_path: Path) -> None:
    class Stock(Consumer):
        async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
            return await driver.Consumer._getmany(self, active_partitions, timeout)

    line = Line(Cluster(), tmp_path, Stock)
    line.cluster.append(EVENTS, [(0, b"k", b"v", ())])
    line.app.rebalancing = True
    fetched, _ = await line.consumer._wait_next_records(0.1)
    still_needed(
        set(fetched or {}) == {EVENTS},
        "Faust asks for source partitions also while it rebalances.",
        "streams.consumer.Consumer._getmany",
    )


async def test_stock_faust_sleeps_when_all_its_buffers_are_full(tmp_path: Path) -> None:
    class Sleepless(Consumer):
        slept: list[float]

        async def sleep(self, n: Any, *, loop: Any = None) -> None:
            self.slept.append(n)

    line = Line(Cluster(), tmp_path, Sleepless)
    consumer: Any = line.consumer
    consumer.slept = []
    for tp in (EVENTS, line.changelog):
        consumer.on_buffer_full(tp)
    await consumer._wait_next_records(0.1)
    still_needed(
        consumer.slept == [1],
        "Faust's fetcher sleeps for a second when the buffers of all partitions are full.",
        "streams.consumer.UNDONE_LIMIT and the setting stream_buffer_maxsize in streams.app",
    )


async def test_only_source_topics_are_held_back(tmp_path: Path) -> None:
    app = ours(tmp_path)
    topics: Any = app.topics
    topics._acking_topics.add("events")
    promised(
        topics.acks_enabled_for("events") and not topics.acks_enabled_for("tidings-chimes-state-changelog"),
        "that acks_enabled_for tells sources from changelogs.",
        "streams.consumer.Consumer._deliver, which would wait for changelogs to be settled,",
    )


async def test_the_flow_can_be_stopped_and_resumed_from_outside(tmp_path: Path) -> None:
    consumer: Any = ours(tmp_path).consumer
    consumer.stop_flow()
    stopped = (consumer.flow_active, consumer.suspend_flow.is_set(), consumer.can_resume_flow.is_set())
    consumer.resume_flow()
    resumed = (consumer.flow_active, consumer.suspend_flow.is_set(), consumer.can_resume_flow.is_set())
    promised(
        (stopped, resumed) == ((False, True, False), (True, False, True)),
        "that flow_active, suspend_flow and can_resume_flow say whether anything may be delivered.",
        "streams.consumer.Consumer._drain_messages and _deliver",
    )


async def test_what_faust_notes_of_acks_can_be_thrown_away(tmp_path: Path) -> None:
    consumer: Any = committing(tmp_path)
    await consumer._add_gap(EVENTS, 3, 7)
    consumer._acked[EVENTS].append(9)
    consumer._acked_index[EVENTS].add(9)
    consumer._filter_committable_offsets([EVENTS])
    promised(
        not consumer._acked[EVENTS] and not consumer._acked_index[EVENTS] and not consumer._gap[EVENTS],
        "that Faust keeps its marks per partition in _acked, _acked_index and _gap, and makes missing ones anew.",
        "streams.consumer.Consumer._filter_committable_offsets; its marks would grow for ever otherwise,",
    )


async def test_the_fetcher_runs_our_loop(tmp_path: Path) -> None:
    app: Any = ours(tmp_path)
    entered = asyncio.Event()

    class Entered(Consumer):
        async def _drain_messages(self, fetcher: Any) -> None:
            assert not fetcher._stopped.is_set()
            assert not self._stopped.is_set()
            entered.set()

    app.consumer = Entered(app.transport, _ignored, _ignored, _ignored)
    fetcher = app._fetcher
    await fetcher.start()
    try:
        async with asyncio.timeout(60):
            await entered.wait()
    except TimeoutError:
        promised(
            False,
            "that Faust's fetcher runs Consumer._drain_messages, and that services tell in _stopped that they stop.",
            "streams.consumer.Consumer._drain_messages",
        )
    await fetcher.stop()
