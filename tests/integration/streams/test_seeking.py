"""Who reads from an hour on begins there, whatever else its consumer asks of the broker meanwhile."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import Fetcher, OffsetResetStrategy

from schemas.topics import EVENTS
from streams import topics_admin
from streams.client import publisher, read_to_end
from tests.integration.streams.chimes import CHIMES, installation


async def test_an_answer_on_where_the_log_begins_undoes_no_end(
    kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A consumer asks for the beginning by itself; the answer comes when it has been sent elsewhere."""
    here = installation(kafka, "seeking.", tmp_path, "none")
    await topics_admin.apply(here, (CHIMES,))
    begins, goes = asyncio.Event(), asyncio.Event()
    ask, ends, seek, seek_to_end = (
        Fetcher._proc_offset_request,
        AIOKafkaConsumer.end_offsets,
        AIOKafkaConsumer.seek,
        AIOKafkaConsumer.seek_to_end,
    )

    async def asked(self: Fetcher, node: int, wanted: Mapping[str, Sequence[tuple[int, int]]]) -> object:
        found = await ask(self, node, wanted)
        if any(time == OffsetResetStrategy.EARLIEST for partitions in wanted.values() for _, time in partitions):
            begins.set()
            await goes.wait()
        return found

    async def ended(self: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> object:
        found = await ends(self, partitions)
        await begins.wait()
        return found

    def sought(self: AIOKafkaConsumer, partition: TopicPartition, offset: int) -> None:
        seek(self, partition, offset)
        goes.set()

    async def sought_to_end(self: AIOKafkaConsumer, *partitions: TopicPartition) -> None:
        asyncio.get_running_loop().call_soon(goes.set)
        await seek_to_end(self, *partitions)

    monkeypatch.setattr(Fetcher, "_proc_offset_request", asked)
    monkeypatch.setattr(AIOKafkaConsumer, "end_offsets", ended)
    monkeypatch.setattr(AIOKafkaConsumer, "seek", sought)
    monkeypatch.setattr(AIOKafkaConsumer, "seek_to_end", sought_to_end)
    async with publisher(here.kafka, EVENTS) as publishing:
        stored = await publishing.send(EVENTS, b"late|c1", b"1")
    later = stored.at + timedelta(hours=1)
    async with aclosing(read_to_end(here.kafka, EVENTS, key=b"late|c1", since=later)) as records:
        assert [each async for each in records] == []
