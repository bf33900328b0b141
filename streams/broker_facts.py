"""What a broker tells about itself and about those who read from it, for a check-up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from schemas import wire
from schemas.tick import Tick
from schemas.topics import TICKS
from streams.broker_release import metadata_level
from streams.client import administration, consumer, publisher
from tidings.config import Kafka


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLag:
    """How far a consumer group is behind; `records` is None where it has never stored a position."""

    group: str
    members: int
    records: int | None


async def level(kafka: Kafka) -> int:
    """The cluster's `metadata.version` (`streams.broker_release`); raises Unavailable."""
    async with administration(kafka) as admin:
        return await metadata_level(admin)


async def lags(kafka: Kafka, groups: Sequence[str]) -> tuple[GroupLag, ...]:
    """How far each of these groups is behind the ends of what it reads."""
    async with administration(kafka) as admin, consumer(kafka) as reading:
        return tuple([await _lag(admin, reading, group) for group in groups])


async def _lag(admin: AIOKafkaAdminClient, reading: AIOKafkaConsumer, group: str) -> GroupLag:
    try:
        stored = await admin.list_consumer_group_offsets(group)
        members = await _members(admin, group)
    except GroupCoordinatorNotAvailableError:  # a new cluster makes the topic for positions when first asked
        return GroupLag(group=group, members=0, records=None)
    positions = {partition: at.offset for partition, at in stored.items() if at.offset >= 0}
    ends = await reading.end_offsets(list(positions)) if positions else {}
    behind = sum(max(0, ends[partition] - offset) for partition, offset in positions.items())
    return GroupLag(group=group, members=members, records=behind if positions else None)


async def clock_ahead(kafka: Kafka) -> timedelta:
    """How far the broker's clock is ahead of ours, at least: one more tick tells, and may have been slow both ways."""
    async with publisher(kafka, TICKS) as publishing:
        tick = wire.encode(Tick(ticker="doctor")).value
        await publishing.send(TICKS, None, tick)  # the first one also opens connections
        before = datetime.now(UTC)
        stood = await publishing.send(TICKS, None, tick)
        after = datetime.now(UTC)
    return ahead_of(stood.at, before, after)


def ahead_of(stood_at: datetime, before: datetime, after: datetime) -> timedelta:
    """How far a clock that said `stood_at` is ahead, at least, of one that said these two before and after it."""
    return min(stood_at - before, timedelta(0)) + max(stood_at - after, timedelta(0))


async def _members(admin: AIOKafkaAdminClient, group: str) -> int:
    for answer in await admin.describe_consumer_groups([group]):
        for _, _, _, _, _, members, *_ in answer.groups:
            return len(members)
    return 0
