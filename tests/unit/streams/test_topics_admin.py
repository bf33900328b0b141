"""Of several brokers, one that is asked may not have heard of a topic that another one has just made."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource
from aiokafka.errors import TopicAuthorizationFailedError, UnknownTopicOrPartitionError

from streams import topics_admin
from streams.topics_admin import Mending
from streams.wanted_topics import WantedTopic

WANTED = WantedTopic(name="bells", partitions=2, replication_factor=1, settings={"retention.ms": "-1"})
_PARTITION = {"leader": 1, "replicas": [1]}


class Cluster:
    """What an administration client gets to see of it, request after request; the last answer stays."""

    def __init__(self, *, partitions: Sequence[int] = (2,), codes: Sequence[int] = (0,)) -> None:
        self._partitions = list(partitions)
        self._codes = list(codes)

    async def list_topics(self) -> list[str]:
        return [WANTED.name]

    async def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        return [{"topic": name, "partitions": [_PARTITION] * _next(self._partitions)} for name in names]

    async def describe_configs(self, resources: list[ConfigResource]) -> list[Any]:
        code = _next(self._codes)
        entries = [] if code else list(WANTED.settings.items())
        return [SimpleNamespace(resources=[(code, None, 2, each.name, entries) for each in resources])]


def _next(answers: list[int]) -> int:
    return answers.pop(0) if len(answers) > 1 else answers[0]


def _admin(cluster: Cluster) -> AIOKafkaAdminClient:
    return cast(AIOKafkaAdminClient, cluster)


async def test_a_topic_whose_settings_a_broker_does_not_know_is_missing_there() -> None:
    cluster = Cluster(codes=[UnknownTopicOrPartitionError.errno])
    [found] = await topics_admin._differences(_admin(cluster), [WANTED])
    assert (found.topic, found.mending) == ("bells", Mending.CREATE)


async def test_settling_waits_until_the_broker_that_is_asked_has_heard_of_everything() -> None:
    unknown = UnknownTopicOrPartitionError.errno
    cluster = Cluster(partitions=[2, 0, 2, 0, 2], codes=[unknown, unknown, 0])
    assert await topics_admin._settled(_admin(cluster), {WANTED.name: WANTED}) == ()
    assert cluster._partitions == [2]
    assert cluster._codes == [0]


async def test_what_is_forbidden_is_said_at_once() -> None:
    cluster = Cluster(codes=[TopicAuthorizationFailedError.errno])
    with pytest.raises(topics_admin.NotAllowed, match="the settings of topic bells cannot be read"):
        await topics_admin._settled(_admin(cluster), {WANTED.name: WANTED})
