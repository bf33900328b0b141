"""A worker that is gone for good, disk and all: its standby has the state already."""

import asyncio
import re
import shutil
from contextlib import suppress
from itertools import takewhile

import pytest
from aiokafka import TopicPartition
from rocksdict import AccessType, Options, Rdict

from schemas.topics import PARTITIONS
from streams.client import consumer
from streams.naming import changelog_name
from streams.store import PartitionStore
from tests.integration.streams.chimes import CHIMES
from tests.integration.streams.tower import Tower

pytestmark = pytest.mark.slow

_ROW = re.compile(r"\|[^|]+\|\s*(\d+)\s*\|\s*(-?\d+)\s*\|")
_FEW_RECORDS = 100
"""A standby follows in fetches; a few of them may not be stored yet when it has to take over."""


def _table(log: str, title: str) -> dict[int, int]:
    """The last table of this title that Faust logged: offsets by partition."""
    lines = takewhile(lambda line: line.startswith(("+", "|")), log[log.rindex(f"+{title}-") :].splitlines())
    return {int(row[1]): int(row[2]) for line in lines if (row := _ROW.fullmatch(line))}


async def _changelog_ends(tower: Tower) -> dict[int, int]:
    topic = changelog_name(tower.installation, CHIMES.name)
    async with consumer(tower.installation.kafka) as reading:
        ends = await reading.end_offsets([TopicPartition(topic, number) for number in range(PARTITIONS)])
    return {place.partition: end for place, end in ends.items()}


def _stored(tower: Tower, worker: str) -> dict[int, int]:
    """How far the disk of a worker that runs has come in the changelog of each partition, its own or not."""
    found = {}
    for path in (tower.installation.home / "workers" / worker).rglob("*.db"):
        with suppress(Exception):  # its files change meanwhile: the next look will do
            disk = Rdict(str(path), Options(raw_mode=True), access_type=AccessType.read_only())
            found[int(path.stem.rpartition("-")[2])] = PartitionStore(disk).changelog_end()
            disk.close()
    return found


async def test_the_standby_takes_over_without_a_full_recovery_and_a_newcomer_finds_everything(tower: Tower) -> None:
    ids = [f"e{number}" for number in range(2000)]
    await tower.start("w1", standby_replicas=1)
    doomed = await tower.start("w2", standby_replicas=1)
    await tower.ring(ids)
    wanted = {f"{word} {each}" for each in ids for word in ("heard", "rang")}
    await tower.answers(lambda found: wanted <= found.keys())

    ends = await _changelog_ends(tower)
    await tower.until(lambda: all(_stored(tower, "w1").get(each, 0) >= end for each, end in ends.items()))
    doomed.kill()
    await asyncio.to_thread(doomed.wait)
    shutil.rmtree(tower.installation.home / "workers" / "w2")
    alone = "partitions [0, 1, 2, 3, 4, 5, 6, 7]"
    shares = tower.log_path("w1").read_text().count(alone)
    await tower.until(lambda: tower.log_path("w1").read_text().count(alone) > shares)
    said = tower.log_path("w1").read_text()
    ends, read_from = _table(said, "Highwater - Active"), _table(said, "Reading Starts At - Active")
    assert ends.keys() == read_from.keys() == set(range(8))
    read = {partition: end - read_from[partition] for partition, end in ends.items()}
    assert sum(ends.values()) > 4000
    assert sum(read.values()) < _FEW_RECORDS, read

    await tower.start("w3", standby_replicas=1)
    await tower.ring(ids)
    wanted |= {f"again {each}" for each in ids}
    answers = await tower.answers(lambda found: wanted <= found.keys())
    assert answers.keys() == wanted
