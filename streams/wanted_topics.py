"""The topics an installation needs and how each has to be set, derived from the catalogue and the topology."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from schemas.topics import CLAIMED_LAG, DELETIONS_KEPT, PARTITIONS, TOPICS, Cleanup, Clock, Topic
from streams.naming import changelog_name, topic_name
from streams.stage import Stage
from streams.topology import TOPOLOGY
from tidings.config import Installation

_UNLIMITED_MS = 2**63 - 1
_CHANGELOG_BYTES = 1_048_576
"""Takes the largest unit of work (`streams.unit_of_work`) with room to spare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTopic:
    """One topic under the broker's name for it, with every setting that matters to us."""

    name: str
    partitions: int
    replication_factor: int
    settings: Mapping[str, str]


def wanted_topics(installation: Installation, stages: tuple[Stage, ...] = TOPOLOGY) -> tuple[WantedTopic, ...]:
    """All topics of the catalogue and one changelog per stage."""
    catalogue = (
        _wanted(installation, topic_name(installation, topic.name), dict(_settings(topic, installation)))
        for topic in TOPICS
    )
    changelogs = (
        _wanted(installation, changelog_name(installation, stage.name), _changelog_settings()) for stage in stages
    )
    return (*catalogue, *changelogs)


def _wanted(installation: Installation, name: str, settings: dict[str, str]) -> WantedTopic:
    kafka = installation.kafka
    return WantedTopic(
        name=name,
        partitions=PARTITIONS,
        replication_factor=kafka.replication_factor,
        settings=settings | {"min.insync.replicas": str(kafka.min_insync_replicas)},
    )


def _settings(topic: Topic, installation: Installation) -> Iterator[tuple[str, str]]:
    """A prefixed installation rehearses: its records have the times of the rehearsal, and all of them are kept."""
    rehearses = bool(installation.kafka.topic_prefix)
    yield "cleanup.policy", topic.cleanup.value
    yield "max.message.bytes", str(topic.max_bytes)
    yield "message.timestamp.type", (Clock.CAUSE if rehearses else topic.clock).value
    if topic.cleanup is Cleanup.DELETE:
        yield "retention.ms", "-1" if rehearses else _millis(topic.retention)
    if topic.compaction_lag:
        yield "min.compaction.lag.ms", _millis(topic.compaction_lag)
    if rehearses:
        yield "message.timestamp.before.max.ms", str(_UNLIMITED_MS)
        yield "message.timestamp.after.max.ms", str(_UNLIMITED_MS)


def _changelog_settings() -> dict[str, str]:
    return {
        "cleanup.policy": Cleanup.COMPACT.value,
        "min.compaction.lag.ms": _millis(CLAIMED_LAG),
        "delete.retention.ms": _millis(DELETIONS_KEPT),
        "max.message.bytes": str(_CHANGELOG_BYTES),
        "message.timestamp.type": Clock.CAUSE.value,
    }


def _millis(retention: timedelta | None) -> str:
    return "-1" if retention is None else str(retention // timedelta(milliseconds=1))
