"""Staleness: whether state on this disk is so old that the changelog may not tell of every deletion since.

A deletion in a compacted topic is itself removed in time. State from before, read on from where it ends, would keep
rows that were deleted long ago: a timer would fire again. Such state is dropped, and rebuilt from the beginning.
"""

from collections.abc import Mapping
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from faust.types import TP

from schemas.clock import to_millis
from schemas.topics import DELETIONS_KEPT
from tidings.config import Kafka
from tidings.kafka_clients import started
from tidings.security import client_security

TRUSTED = DELETIONS_KEPT / 2
"""Half of the time leaves room for clocks that differ, and for the recovery itself."""


async def stale(kafka: Kafka, ends: Mapping[TP, int], now: datetime) -> set[TP]:
    """The changelog partitions of which state that ends before this offset may have missed a deletion.

    It has not if it contains every record older than `TRUSTED`. Compaction may make it look older than it is, which
    costs a recovery from the beginning and nothing else.
    """
    if not ends:
        return set()
    made = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers, group_id=None, enable_auto_commit=False, **client_security(kafka)
    )
    async with started(made) as consumer:
        partitions = {TopicPartition(*tp): tp for tp in ends}
        young = await consumer.offsets_for_times(dict.fromkeys(partitions, to_millis(now - TRUSTED)))
        log_ends = await consumer.end_offsets(list(partitions))
    young_from = {tp: young[each].offset if young[each] else log_ends[each] for each, tp in partitions.items()}
    return {tp for tp, end in ends.items() if end < young_from[tp]}
