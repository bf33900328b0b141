"""State on disk that may have missed a deletion, which compaction has removed since, is dropped."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from faust.types import TP

from schemas.clock import to_millis
from streams import topics_admin
from streams.app import App, build
from streams.naming import changelog_name, table_name
from streams.readiness import Readiness
from streams.staleness import stale
from streams.store import Store
from streams.writes import Writes
from tests.integration.streams.chimes import CHIMES, installation
from tidings.config import Installation

NOW = datetime.now(UTC)
LONG_AGO, LATELY = NOW - timedelta(days=3), NOW - timedelta(hours=1)
OLD_ONLY, OLD_AND_YOUNG, EMPTY = 0, 1, 2
"""Partitions of the changelog."""


@pytest.fixture(scope="module")
def here(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation whose changelog holds five records of long ago in two partitions, and five later ones in one."""
    made = installation(kafka, f"stale{time.monotonic_ns()}.", tmp_path_factory.mktemp("stale"), "w1")
    asyncio.run(_fill(made))
    return made


async def _fill(here: Installation) -> None:
    await topics_admin.apply(here, (CHIMES,))
    topic = changelog_name(here, CHIMES.name)
    producer = AIOKafkaProducer(bootstrap_servers=here.kafka.bootstrap_servers, acks="all")
    await producer.start()
    for at, partitions in ((LONG_AGO, (OLD_ONLY, OLD_AND_YOUNG)), (LATELY, (OLD_AND_YOUNG,))):
        for partition in partitions:
            for number in range(5):
                key = b"\x00%d" % number
                await producer.send_and_wait(topic, b"v", key, partition=partition, timestamp_ms=to_millis(at))
    await producer.stop()


@pytest.mark.parametrize(
    ("partition", "end", "expected"),
    [
        pytest.param(OLD_ONLY, 3, True, id="old records are missing"),
        pytest.param(OLD_ONLY, 5, False, id="nothing is missing of an old log"),
        pytest.param(OLD_AND_YOUNG, 4, True, id="one old record is missing"),
        pytest.param(OLD_AND_YOUNG, 5, False, id="young records are missing"),
        pytest.param(OLD_AND_YOUNG, 10, False, id="nothing is missing"),
        pytest.param(EMPTY, 0, False, id="nothing was ever written"),
    ],
)
async def test_state_is_stale_when_it_lacks_a_record_whose_deletion_may_be_gone(
    here: Installation, partition: int, end: int, expected: bool
) -> None:
    tp = TP(changelog_name(here, CHIMES.name), partition)
    assert await stale(here.kafka, {tp: end}, NOW) == ({tp} if expected else set())


@pytest.mark.parametrize(("end", "is_kept"), [(4, False), (5, True)])
async def test_a_partition_that_comes_to_a_worker_loses_stale_state_and_keeps_other(
    here: Installation, tmp_path: Path, end: int, is_kept: bool
) -> None:
    app: App = build(
        CHIMES, installation(here.kafka.bootstrap_servers, here.kafka.topic_prefix, tmp_path, "w1"), _ready()
    )
    app.conf.tabledir.mkdir(parents=True)
    tables: Any = app.tables
    store: Store = tables[table_name()].data
    tps = {TP(changelog_name(here, CHIMES.name), partition) for partition in (OLD_AND_YOUNG, EMPTY)}
    row = Writes()
    row.put(b"\x00deleted meanwhile", b"v")
    store.partition(OLD_AND_YOUNG).write(row, end - 1)
    store.revoke_partitions(store.table, tps)
    await store.on_rebalance(tps, set(), tps)
    found = store.partition(OLD_AND_YOUNG)
    assert (found.changelog_end(), found.get(b"\x00deleted meanwhile")) == ((end, b"v") if is_kept else (0, None))


def _ready() -> Readiness:
    return Readiness("w1", [CHIMES.name])
