"""Three brokers, three replicas, two of which have to have a record: one broker may be lost at any moment."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from streams import topics_admin
from tests.integration.streams.chimes import CHIMES, installation
from tests.integration.streams.tower import Tower
from tests.integration.trio import trio
from tidings.config import Installation

pytestmark = pytest.mark.slow


def three_fold(bootstrap_servers: str, home: Path) -> Installation:
    one = installation(bootstrap_servers, "trio.", home, "none")
    return replace(one, kafka=replace(one.kafka, replication_factor=3, min_insync_replicas=2))


async def test_one_of_three_brokers_is_killed_and_nothing_is_missing(tmp_path: Path) -> None:
    with trio(tmp_path) as brokers:
        tower = Tower(installation=three_fold(brokers.bootstrap_servers, tmp_path))
        await topics_admin.apply(tower.installation, (CHIMES,))
        try:
            await tower.start("w1")
            ids = [f"e{number}" for number in range(600)]
            await tower.ring(ids[:200])
            ringing = asyncio.create_task(tower.ring(ids[200:400]))
            await asyncio.to_thread(brokers.kill, 1)
            await ringing
            await tower.ring(ids[400:])
            wanted = {f"{word} {each}" for each in ids for word in ("heard", "rang")}
            answers = await tower.answers(lambda found: wanted <= found.keys())
            assert wanted - answers.keys() == set()
            assert answers.keys() - wanted == set(), "no event was seen twice"
            assert [each.poll() for each in tower.workers] == [None], tower.log("w1")
        finally:
            tower.close()
