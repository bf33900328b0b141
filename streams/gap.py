"""Gaps: source offsets that were never delivered. Most are holes in the log; a record in one would be a lost record.

Control records of upstream's transactions take up offsets, and retention removes what a worker was too late for. Both
are rare, so the log itself is asked, which takes some milliseconds.
"""

import logging
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from faust.types import TP

from tidings.config import Kafka
from tidings.kafka_clients import started
from tidings.security import client_security

log = logging.getLogger(__name__)

_POLL_MS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What became of offsets that were not delivered: `removed` by retention, and whether there are records left."""

    removed: int
    holds_records: bool


async def look(kafka: Kafka, tp: TP, low: int, high: int) -> Gap:
    """What the log holds with `low <= offset < high`; what retention took away is reported here."""
    made = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        fetch_max_wait_ms=_POLL_MS,
        **client_security(kafka),
    )
    async with started(made) as consumer:
        partition = TopicPartition(tp.topic, tp.partition)
        consumer.assign([partition])
        beginning = (await consumer.beginning_offsets([partition]))[partition]
        removed = max(0, min(beginning, high) - low)
        if removed:
            log.error("%s/%s: %s offsets from %s on were removed by retention before they were read", *tp, removed, low)
        left = await _reads_below(consumer, partition, max(low, beginning), high)
        return Gap(removed=removed, holds_records=left)


async def _reads_below(consumer: AIOKafkaConsumer, partition: TopicPartition, low: int, high: int) -> bool:
    consumer.seek(partition, low)
    while await consumer.position(partition) < high:
        for record in (await consumer.getmany(timeout_ms=_POLL_MS)).get(partition, ()):
            return bool(record.offset < high)
    return False
