"""Topics administration: what differs between the topics an installation needs and those there are, and mending it.

Partition counts are fixed when an installation is made: keys would move to other partitions, away from their state.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    KafkaError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest

from streams.client import administration
from streams.incremental_configs import SetTopicConfigs
from streams.naming import app_id
from streams.stage import Stage
from streams.topology import TOPOLOGY
from streams.unavailable import NotAllowed
from streams.wanted_topics import WantedTopic, wanted_topics
from tidings.config import Installation
from tidings.kafka_clients import NOT_ALLOWED, not_allowed

_SPREAD_LIMIT_SECONDS = 60.0
_SPREAD_POLL_SECONDS = 0.1


class Mending(StrEnum):
    """What makes a difference go away."""

    CREATE = "create"
    CHANGE = "change"
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing about one topic that is not as it has to be; `found` is None for a topic that is missing."""

    topic: str
    setting: str
    found: str | None
    wanted: str
    mending: Mending

    def __str__(self) -> str:
        if self.mending is Mending.CREATE:
            return f"topic {self.topic} is missing"
        by_hand = "; this cannot be changed on a topic in use" if self.mending is Mending.BY_HAND else ""
        return f"topic {self.topic} has {self.setting} {self.found}, not {self.wanted}{by_hand}"


class NotApplied(RuntimeError):
    """The broker refused to make or change a topic."""


async def plan(installation: Installation, stages: tuple[Stage, ...] = TOPOLOGY) -> tuple[Difference, ...]:
    """Everything that differs, topics in the order of the catalogue; changes nothing."""
    async with administration(installation.kafka) as admin:
        return tuple(await _differences(admin, wanted_topics(installation, stages)))


async def apply(installation: Installation, stages: tuple[Stage, ...] = TOPOLOGY) -> tuple[Difference, ...]:
    """Mend what can be mended and return what has to be mended by hand; safe to repeat and to run twice at once.

    Returns when all brokers tell of it, each partition has its leader, and groups can be joined.
    """
    wanted = {topic.name: topic for topic in wanted_topics(installation, stages)}
    async with administration(installation.kafka) as admin:
        left = await _settled(admin, wanted)
        await _groups_kept(admin, app_id(installation, TOPOLOGY[0].name))
        return left


async def missing(installation: Installation, stages: tuple[Stage, ...]) -> tuple[str, ...]:
    """The names of topics that are not there."""
    async with administration(installation.kafka) as admin:
        present = set(await admin.list_topics())
    return tuple(topic.name for topic in wanted_topics(installation, stages) if topic.name not in present)


async def remove(installation: Installation) -> None:
    """Delete every topic of an installation that has a prefix: what a rehearsal leaves behind."""
    prefix = installation.kafka.topic_prefix
    if not prefix:
        raise ValueError("an installation without a topic prefix is not removed")
    async with administration(installation.kafka) as admin:
        names = [name for name in await admin.list_topics() if name.startswith(prefix)]
        if names:
            await admin.delete_topics(names)


async def _differences(admin: AIOKafkaAdminClient, wanted: Iterable[WantedTopic]) -> list[Difference]:
    wanted = tuple(wanted)
    present = set(await admin.list_topics())
    # Asked for by name, a topic that is missing would be made by brokers that make topics on their own.
    names = [topic.name for topic in wanted if topic.name in present]
    described = {each["topic"]: each["partitions"] for each in await admin.describe_topics(names)} if names else {}
    settings = await _settings(admin, names)
    found: list[Difference] = []
    for topic in wanted:
        # A broker may have heard of a topic and not yet of its partitions; another may not have heard of it at all.
        if described.get(topic.name) and topic.name in settings:
            found += _compare(topic, described[topic.name], settings[topic.name])
        else:
            missing = Difference(topic=topic.name, setting="", found=None, wanted="", mending=Mending.CREATE)
            found.append(missing)
    return found


def _compare(topic: WantedTopic, partitions: list[dict[str, Any]], settings: Mapping[str, str]) -> Iterator[Difference]:
    if len(partitions) != topic.partitions:
        yield _by_hand(topic, "partitions", len(partitions), topic.partitions)
    replicas = min(len(partition["replicas"]) for partition in partitions)
    if replicas < topic.replication_factor:
        yield _by_hand(topic, "replicas", replicas, topic.replication_factor)
    for name, value in topic.settings.items():
        if settings.get(name) != value:
            yield Difference(
                topic=topic.name, setting=name, found=settings.get(name), wanted=value, mending=Mending.CHANGE
            )


def _by_hand(topic: WantedTopic, setting: str, found: int, wanted: int) -> Difference:
    return Difference(topic=topic.name, setting=setting, found=str(found), wanted=str(wanted), mending=Mending.BY_HAND)


async def _settings(admin: AIOKafkaAdminClient, topics: list[str]) -> dict[str, dict[str, str]]:
    """The settings of topics, by topic and name; without those of which the broker that is asked has not heard."""
    if not topics:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in topics]
    answers = await admin.describe_configs(resources)
    found = {}
    for answer in answers:
        for code, message, _, name, entries in answer.resources:
            if code == UnknownTopicOrPartitionError.errno:
                continue
            _require_success(code, message, f"the settings of topic {name} cannot be read")
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found


async def _create(admin: AIOKafkaAdminClient, topics: list[WantedTopic]) -> None:
    if not topics:
        return
    answer = await admin.create_topics(
        [
            NewTopic(topic.name, topic.partitions, topic.replication_factor, topic_configs=dict(topic.settings))
            for topic in topics
        ]
    )
    for name, code, message in answer.topic_errors:
        # One that is there already was made by another, or by us: the broker that was asked has not heard of it.
        if code != TopicAlreadyExistsError.errno:
            _require_no_refusal(code, message, f"topic {name} cannot be made")


async def _settled(admin: AIOKafkaAdminClient, wanted: Mapping[str, WantedTopic]) -> tuple[Difference, ...]:
    """What is left after mending, again and again: brokers answer before they have spread the news, or not for now."""
    deadline = time.monotonic() + _SPREAD_LIMIT_SECONDS
    while True:
        left = await _differences(admin, wanted.values())
        await _create(admin, [wanted[each.topic] for each in left if each.mending is Mending.CREATE])
        await _change(admin, [each for each in left if each.mending is Mending.CHANGE])
        if all(each.mending is Mending.BY_HAND for each in left) and await _is_known(admin, list(wanted)):
            return tuple(left)
        if time.monotonic() > deadline:
            first = left[0] if left else "leaders are missing"
            raise NotApplied(f"the brokers do not spread what was applied, or this user may not see it: {first}")
        await asyncio.sleep(_SPREAD_POLL_SECONDS)


async def _is_known(admin: AIOKafkaAdminClient, topics: list[str]) -> bool:
    """Whether each broker tells of each topic, and of a leader of each partition: a worker may ask any of them."""
    brokers = (await admin.describe_cluster())["brokers"]
    try:
        answers = [await admin._send_request(MetadataRequest(topics), broker["node_id"]) for broker in brokers]
    except KafkaError:  # one that has just gone is listed for a while
        return False
    partitions = [topic["partitions"] for answer in answers for topic in answer.to_object()["topics"]]
    return all(partitions) and all(each["leader"] >= 0 for of_topic in partitions for each in of_topic)


async def _groups_kept(admin: AIOKafkaAdminClient, group: str) -> None:
    """Return when the cluster can keep a group's positions: a new one makes its topic for them when first asked."""
    deadline = time.monotonic() + _SPREAD_LIMIT_SECONDS
    while time.monotonic() < deadline:
        try:
            await admin.find_coordinator(group)
        except GroupCoordinatorNotAvailableError:
            await asyncio.sleep(_SPREAD_POLL_SECONDS)
        except KafkaError:  # who may not ask is told so when joining
            return
        else:
            return


async def _change(admin: AIOKafkaAdminClient, differences: list[Difference]) -> None:
    if not differences:
        return
    configs: dict[str, dict[str, str]] = {}
    for each in differences:
        configs.setdefault(each.topic, {})[each.setting] = each.wanted
    # aiokafka 0.14.0 has no incremental way of its own (`streams.incremental_configs`).
    answer = await admin._send_request(SetTopicConfigs(configs))
    for code, message, _, name in answer.resources:
        _require_no_refusal(code, message, f"topic {name} cannot be changed")


def _require_no_refusal(code: int, message: str | None, what: str) -> None:
    """An answer that says to ask again is none yet."""
    if not for_code(code).retriable:
        _require_success(code, message, what)


def _require_success(code: int, message: str | None, what: str) -> None:
    if not code:
        return
    if for_code(code) in NOT_ALLOWED:
        raise NotAllowed(f"{what}: {not_allowed(for_code(code)())}")
    raise NotApplied(f"{what}: {message or for_code(code).__name__}")
