"""The order in which Faust ends a recovery, and what it does with the queues meanwhile."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from faust.tables.recovery import Recovery
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.app import App
from streams.consumer import Consumer
from streams.naming import table_name
from streams.pulse import Pulse
from tests.contracts.rig import EVENTS, batch_of, ours
from tests.contracts.upgrade import promised, still_needed
from tests.safety.cluster import Cluster
from tests.safety.line import Line
from tests.safety.process import ring

GATE = "streams.consumer.Consumer._getmany and _deliver"


class Noting(Consumer):
    """Notes what a recovery calls."""

    steps: list[str]

    def assignment(self) -> set[TP]:
        return {EVENTS}

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        self.steps.append("sources are resumed")

    async def perform_seek(self) -> None:
        self.steps.append("sources are sought")

    def resume_flow(self) -> None:
        self.steps.append("the flow is resumed")


async def _ignored(*_: object) -> None:
    return


class _Over(Pulse):
    """Notes when the app is told that the rebalance is over."""

    def __init__(self, stage: str, steps: list[str]) -> None:
        super().__init__(stage)
        self._steps = steps

    def ready(self, is_ready: bool) -> None:
        if is_ready:
            self._steps.append("the rebalance is over")


def _noting(app: App, steps: list[str]) -> None:
    """Have an app note how its recovery ends; nothing of it is started."""
    app.pulse = _Over(app.stage.name, steps)
    app.consumer = consumer = Noting(app.transport, _ignored, _ignored, _ignored)
    consumer.steps = steps
    flow: Any = app.flow_control

    class Queue(type(app.FlowControlQueue(maxsize=1))):  # type: ignore[misc]  # whatever class Faust uses
        def clear(self) -> None:
            steps.append("queues are cleared")
            super().clear()

    app.kept = Queue(maxsize=1, flow_control=flow, clear_on_resume=True)  # type: ignore[attr-defined]


async def test_stock_recovery_resumes_the_sources_before_it_seeks_them(tmp_path: Path) -> None:
    app = ours(tmp_path)
    steps: list[str] = []
    _noting(app, steps)
    tables: Any = app.tables
    recovery = Recovery(app, tables)
    app._fetcher = SimpleNamespace(maybe_start=_ignored)  # type: ignore[assignment]  # one that is never started
    app.on_rebalance_start()
    await recovery.on_recovery_completed(app.consumer_generation_id)
    still_needed(
        [step for step in steps if step != "the flow is resumed"][:3]
        == ["sources are resumed", "sources are sought", "queues are cleared"],
        "Faust resumes the sources, then seeks them, then clears all queues, so that what is fetched between is lost.",
        GATE,
    )
    promised(
        steps[-1] == "the rebalance is over" and steps.index("queues are cleared") < len(steps) - 1,
        "that on_rebalance_end comes after all queues were cleared.",
        GATE,
    )


async def test_resuming_the_flow_clears_what_waits(tmp_path: Path) -> None:
    app = ours(tmp_path)
    queue = app.FlowControlQueue(maxsize=10, clear_on_resume=True)
    flow: Any = app.flow_control
    flow.resume()
    await queue.put("waiting")
    flow.resume()
    still_needed(queue.empty(), "flow_control.resume() throws away what waits in the queues of the streams.", GATE)


class Stock(Consumer):
    """Fetches as stock Faust does."""

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        return await driver.Consumer._getmany(self, active_partitions, timeout)

    def _is_changelog_tp(self, tp: TP) -> bool:
        return True


async def _seen_after_recovery(home: Path, kind: type[Consumer]) -> list[int]:
    """Three events wait when recovery ends; what of them is delivered?"""
    cluster = Cluster()
    ring(cluster, "e0", "e1", "e2")
    line = Line(cluster, home, kind)
    line.app.rebalancing = True
    async with line.draining():
        await line.fetched()
        line.clear_queues()
        line.app.rebalancing = False
        await line.fetched()
    line.perform()
    return line.delivered


async def test_stock_faust_loses_what_waits_when_recovery_ends(tmp_path: Path) -> None:
    still_needed(
        await _seen_after_recovery(tmp_path, Stock) == [],
        "a fresh group of stock Faust loses events that wait while its changelog is recovered.",
        GATE,
    )


async def test_we_see_all_that_waits_when_recovery_ends(tmp_path: Path) -> None:
    promised(
        await _seen_after_recovery(tmp_path, Consumer) == [0, 1, 2],
        "that a fresh group with a changelog to recover sees every waiting event.",
        GATE,
    )


async def _slurped(app: App, *events: Any) -> list[list[Any]]:
    """What Faust's recovery hands to the table when it reads these events."""
    tables: Any = app.tables
    recovery, table = tables.recovery, tables[table_name()]
    handed: list[list[Any]] = []

    class Handed:
        def apply_changelog_batch(self, batch: Any, to_key: Any, to_value: Any) -> None:
            handed.append(list(batch))

    table._data = Handed()
    recovery.tp_to_table.update({event.message.tp: table for event in events if event.is_known})
    recovery._set_recovery_started()
    for event in events:
        tables.changelog_queue.force_put_nowait(event)
    slurping = asyncio.ensure_future(type(recovery)._slurp_changelogs.fun(recovery))
    for _ in range(100):
        await asyncio.sleep(0)
    slurping.cancel()
    await asyncio.wait([slurping])
    return handed


def _changelog_event(app: App, partition: int, first: int, count: int, *, is_known: bool = True) -> Any:
    tables: Any = app.tables
    tp = TP(tables[table_name()].changelog_topic_name, partition)
    batch = batch_of(app, first, count)
    message = SimpleNamespace(tp=tp, offset=batch.next_offset - 1, value=batch)
    return SimpleNamespace(message=message, is_known=is_known)


async def test_recovery_counts_a_fetch_by_its_last_offset(tmp_path: Path) -> None:
    app = ours(tmp_path)
    event = _changelog_event(app, 0, 0, 50)
    tables: Any = app.tables
    tables.recovery.active_tps.add(event.message.tp)
    tables.recovery.active_highwaters[event.message.tp] = 49
    tables.recovery.active_offsets[event.message.tp] = -1
    handed = await _slurped(app, event)
    promised(
        handed == [[event]] and not tables.recovery.in_recovery,
        "that recovery takes a message for all records up to its offset, and is over when that is the highwater mark.",
        "streams.consumer._message, whose offset is that of a batch's last record,",
    )


async def test_stock_recovery_takes_over_what_is_not_its_own(tmp_path: Path) -> None:
    app = ours(tmp_path)
    own, later = _changelog_event(app, 0, 0, 5), _changelog_event(app, 0, 5, 5)
    foreign = _changelog_event(app, 1, 5, 5, is_known=False)
    tables: Any = app.tables
    tables.recovery.active_tps.add(own.message.tp)
    tables.recovery.active_highwaters[own.message.tp] = 9
    tables.recovery.active_offsets[own.message.tp] = -1
    tables[table_name()].recovery_buffer_size = 1
    handed = await _slurped(app, own, foreign, later)
    still_needed(
        any(foreign in batch for batch in handed),
        "Faust's recovery hands events of partitions that were revoked to the table of the event before.",
        "streams.store.Store._by_partition, which leaves them out,",
    )
