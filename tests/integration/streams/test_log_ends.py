"""Logs that begin or end elsewhere than a worker left them: retention, compaction, topics made anew."""

import asyncio
import shutil
import signal
import subprocess

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from schemas.topics import EVENTS, PARTITIONS
from streams import topics_admin
from streams.client import consumer
from streams.crash import ExitCode
from streams.incremental_configs import SetTopicConfigs
from streams.naming import changelog_name, topic_name
from tests.integration.streams.chimes import CHIMES
from tests.integration.streams.tower import PATIENCE_SECONDS, Tower
from tests.listening import ask
from tests.ports import free_port

pytestmark = pytest.mark.slow


def answered(ids: list[str], *words: str) -> set[str]:
    return {f"{word} {each}" for each in ids for word in words}


async def stop(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    process.send_signal(how)
    await asyncio.to_thread(process.wait)


async def test_what_retention_took_while_the_worker_was_down_is_said_once_and_the_rest_goes_on(tower: Tower) -> None:
    before = [f"before{number}" for number in range(40)]
    gone = [f"gone{number}" for number in range(60)]
    after = [f"after{number}" for number in range(40)]
    worker = await tower.start("w1")
    await tower.ring(before)
    wanted = answered(before, "heard", "rang")
    await tower.answers(lambda found: wanted <= found.keys())
    await stop(worker)

    await tower.ring(gone)
    lost = await _delete_all(tower)
    await tower.ring(after)
    port = free_port()
    worker = await tower.start("w1", http_port=port)
    wanted |= answered(after, "heard", "rang")
    assert await tower.answers(lambda found: wanted <= found.keys()) == dict.fromkeys(wanted, 1)
    said = tower.log_path("w1").read_text()
    assert said.count("were removed by retention before they were read") == lost
    assert (
        f'tidings_records_lost_to_retention_total{{stage="chimes",topic="events"}} {len(gone)}.0'
        in ask(port, "/metrics")[1]
    )

    await stop(worker)
    worker = await tower.start("w1")
    await tower.ring(["last"])
    await tower.answers(lambda found: "heard last" in found)
    assert tower.log_path("w1").read_text().count("were removed by retention") == lost
    assert worker.poll() is None


async def _delete_all(tower: Tower) -> int:
    """Remove all events, as retention does; the number of partitions that had some."""
    kafka = tower.installation.kafka
    partitions = [TopicPartition(topic_name(tower.installation, EVENTS.name), each) for each in range(PARTITIONS)]
    async with consumer(kafka) as reading:
        ends = await reading.end_offsets(partitions)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_records({each: RecordsToDelete(before_offset=end) for each, end in ends.items() if end})
    finally:
        await admin.close()
    return sum(1 for end in ends.values() if end)


async def test_compaction_during_a_run_leaves_the_state_what_it_was(tower: Tower) -> None:
    ids = [f"e{number}" for number in range(200)]
    changelog = changelog_name(tower.installation, CHIMES.name)
    await _compact_at_once(tower, changelog)
    worker = await tower.start("w1")
    await tower.ring(ids)
    wanted = answered(ids, "heard", "rang")
    await tower.answers(lambda found: wanted <= found.keys())
    # The ticks go on writing positions, so segments roll and their positions are compacted away.
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await _is_compacted(tower, changelog):  # noqa: ASYNC110 - the broker does it
            await asyncio.sleep(0.5)
    await stop(worker, signal.SIGKILL)
    shutil.rmtree(tower.installation.home / "workers")
    await tower.start("w1")
    await tower.ring(ids)
    wanted |= answered(ids, "again")
    answers = await tower.answers(lambda found: wanted <= found.keys())
    assert answers.keys() == wanted, "every event is known, and no alarm rings twice"


async def test_a_deletion_stands_as_long_as_it_is_said_to_and_then_goes(tower: Tower) -> None:
    ids = [f"e{number}" for number in range(60)]
    changelog = changelog_name(tower.installation, CHIMES.name)
    await tower.start("w1")
    await tower.ring(ids)
    wanted = answered(ids, "heard", "rang")
    await tower.answers(lambda found: wanted <= found.keys())
    assert await _deletions(tower, changelog) >= len(ids), "each alarm that rang is deleted"
    await _compact_at_once(tower, changelog)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await _deletions(tower, changelog):  # noqa: ASYNC110 - the broker does it
            await asyncio.sleep(0.5)


async def _deletions(tower: Tower, topic: str) -> int:
    """How many stand in the log."""
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    count = 0
    async with consumer(tower.installation.kafka) as reading:
        reading.assign(partitions)
        ends = await reading.end_offsets(partitions)
        await reading.seek_to_beginning(*partitions)
        while any([await reading.position(each) < ends[each] for each in partitions]):
            for records in (await reading.getmany(timeout_ms=200)).values():
                count += sum(record.value is None for record in records)
    return count


async def _compact_at_once(tower: Tower, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=tower.installation.kafka.bootstrap_servers)
    await admin.start()
    try:
        eager = {
            "segment.ms": "200",
            "min.cleanable.dirty.ratio": "0.01",
            "min.compaction.lag.ms": "0",
            "delete.retention.ms": "100",
        }
        answer = await admin._send_request(SetTopicConfigs({topic: eager}))
        assert [code for code, *_ in answer.resources] == [0]
    finally:
        await admin.close()


async def _is_compacted(tower: Tower, topic: str) -> bool:
    """Whether most of what was written of a partition's state is gone."""
    partition = TopicPartition(topic, 0)
    async with consumer(tower.installation.kafka) as reading:
        reading.assign([partition])
        end = (await reading.end_offsets([partition]))[partition]
        await reading.seek_to_beginning(partition)
        count = 0
        while await reading.position(partition) < end:
            count += sum(map(len, (await reading.getmany(timeout_ms=200)).values()))
    return count < end * 0.7


async def test_state_of_an_installation_that_was_made_anew_is_moved_aside(tower: Tower) -> None:
    ids = [f"e{number}" for number in range(40)]
    worker = await tower.start("w1")
    await tower.ring(ids)
    await tower.answers(lambda found: answered(ids, "heard") <= found.keys())
    await stop(worker)

    await topics_admin.remove(tower.installation)
    await _until_removed(tower)
    await topics_admin.apply(tower.installation, (CHIMES,))
    await tower.start("w1")
    await tower.ring(ids)
    wanted = answered(ids, "heard", "rang")
    assert await tower.answers(lambda found: wanted <= found.keys()) == dict.fromkeys(wanted, 1)
    assert "belongs to a changelog that was made anew since" in tower.log_path("w1").read_text()


async def test_a_source_that_was_made_anew_beside_its_state_ends_the_worker_with_a_sentence(tower: Tower) -> None:
    worker = await tower.start("w1")
    ids = [f"e{number}" for number in range(200)]
    await tower.ring(ids)
    await tower.answers(lambda found: answered(ids, "heard") <= found.keys())
    await stop(worker)

    events = topic_name(tower.installation, EVENTS.name)
    admin = AIOKafkaAdminClient(bootstrap_servers=tower.installation.kafka.bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_topics([events])
    finally:
        await admin.close()
    await _until_removed(tower, events)
    await topics_admin.apply(tower.installation, (CHIMES,))
    await tower.ring(["new"])
    worker, _ = tower.launch("w1")
    assert await asyncio.to_thread(worker.wait) == ExitCode.CRASHED
    assert "the topic was made anew, or its broker lost records" in tower.log("w1")


async def _until_removed(tower: Tower, *names: str) -> None:
    prefix = tower.installation.kafka.topic_prefix
    async with asyncio.timeout(PATIENCE_SECONDS), consumer(tower.installation.kafka) as reading:
        while any(each in names if names else each.startswith(prefix) for each in await reading.topics()):  # noqa: ASYNC110 - the broker does it
            await asyncio.sleep(0.2)
