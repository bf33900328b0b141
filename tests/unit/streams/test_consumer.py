from pathlib import Path
from typing import cast

import pytest

from streams.app import App, build
from streams.consumer import Consumer
from streams.readiness import Readiness
from streams.stage import Stage
from tests.contracts.rig import EVENTS, batch_of, records
from tidings.config import Installation, Worker


@pytest.fixture
async def app(tmp_path: Path) -> App:
    """An app that was never started, and speaks to no broker."""
    stage = Stage(name="bells", reads={"events": lambda record, tables: iter(())}, tables=())
    return build(stage, Installation(home=tmp_path, worker=Worker(name="w1")), Readiness("w1", ["bells"]))


async def test_a_fetch_that_returns_during_recovery_is_not_delivered(app: App) -> None:
    """It was asked for before the rebalance; at the end of the recovery Faust would clear it from the queue."""
    app.rebalancing = True
    assert not await cast(Consumer, app.consumer)._deliver(EVENTS, records(35, 1))


async def test_only_settled_batches_can_be_committed(app: App) -> None:
    consumer = cast(Consumer, app.consumer)
    first, second = batch_of(app, 10, 5), batch_of(app, 15, 5)
    assert consumer._filter_committable_offsets([EVENTS]) == {}
    consumer._acked[EVENTS] = [10, 11, 12, 13, 14]  # as Faust does on an exception or a cancellation
    assert consumer._filter_committable_offsets([EVENTS]) == {}
    consumer.settle(first)
    assert consumer._filter_committable_offsets(consumer._filter_tps_with_pending_acks()) == {EVENTS: 15}
    consumer.settle(second)
    assert consumer._filter_committable_offsets([EVENTS]) == {EVENTS: 20}


async def test_a_batch_of_an_older_assignment_commits_nothing(app: App) -> None:
    consumer = cast(Consumer, app.consumer)
    batch = batch_of(app, 10, 5)
    app.consumer_generation_id += 1
    consumer.settle(batch)
    assert consumer._filter_committable_offsets([EVENTS]) == {}


async def test_the_environment_cannot_lead_a_worker_to_another_broker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKER_URL", "kafka://elsewhere:9092")
    monkeypatch.setenv("WEB_ENABLED", "1")
    stage = Stage(name="bells", reads={}, tables=())
    app = build(stage, Installation(home=tmp_path, worker=Worker(name="w1")), Readiness("w1", ["bells"]))
    assert [str(url) for url in app.conf.broker] == ["kafka://127.0.0.1:19092"]
    assert not app.conf.web_enabled


async def test_a_partition_on_hold_is_not_delivered_and_commits_what_was_done(app: App) -> None:
    consumer = cast(Consumer, app.consumer)
    consumer._active_partitions = {EVENTS}
    batch = batch_of(app, 10, 5)
    consumer.hold(batch, 12, rest_seconds=60.0)
    assert consumer._filter_committable_offsets([EVENTS]) == {EVENTS: 12}
    assert consumer._get_active_partitions() == set()
    assert not await consumer._deliver(EVENTS, records(15, 1))


async def test_a_hold_that_another_batch_follows_goes_on_where_it_began(app: App) -> None:
    consumer = cast(Consumer, app.consumer)
    consumer.hold(batch_of(app, 10, 5), 12, rest_seconds=60.0)
    consumer.hold(batch_of(app, 15, 5), 15, rest_seconds=60.0)
    assert consumer._held[EVENTS].offset == 12


async def test_a_hold_of_an_older_assignment_is_nothing(app: App) -> None:
    consumer = cast(Consumer, app.consumer)
    batch = batch_of(app, 10, 5)
    app.consumer_generation_id += 1
    consumer.hold(batch, 12, rest_seconds=60.0)
    assert consumer._held == {}
    assert consumer._filter_committable_offsets([EVENTS]) == {}
