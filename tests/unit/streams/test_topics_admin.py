"""Brokers answer before all of them know: one may not have heard of a topic that another one has just made."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource
from aiokafka.errors import (
    InvalidReplicationFactorError,
    NodeNotReadyError,
    RequestTimedOutError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.protocol.metadata import MetadataRequest

from streams import topics_admin
from streams.topics_admin import Mending
from streams.wanted_topics import WantedTopic

WANTED = WantedTopic(name="bells", partitions=2, replication_factor=1, settings={"retention.ms": "-1"})
_PARTITION = {"leader": 1, "replicas": [1]}


class Cluster:
    """What an administration client gets to see of it, request after request; the last answer stays."""

    def __init__(
        self,
        *,
        partitions: Sequence[int] = (2,),
        codes: Sequence[int] = (0,),
        made: Sequence[int] = (TopicAlreadyExistsError.errno,),
        known: Sequence[int | None] = (2,),
    ) -> None:
        self._partitions = list(partitions)
        self._codes = list(codes)
        self._made = list(made)
        self._known = list(known)
        """How many partitions each broker in turn knows; None of one that does not answer."""
        self.asked: list[int] = []
        self.creations = 0

    async def list_topics(self) -> list[str]:
        return [WANTED.name]

    async def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        return [{"topic": name, "partitions": [_PARTITION] * _next(self._partitions)} for name in names]

    async def describe_configs(self, resources: list[ConfigResource]) -> list[Any]:
        code = _next(self._codes)
        entries = [] if code else list(WANTED.settings.items())
        return [SimpleNamespace(resources=[(code, None, 2, each.name, entries) for each in resources])]

    async def create_topics(self, topics: list[NewTopic]) -> Any:
        code = _next(self._made)
        self.creations += 1
        return SimpleNamespace(topic_errors=[(each.name, code, None) for each in topics])

    async def describe_cluster(self) -> dict[str, Any]:
        return {"brokers": [{"node_id": 1}, {"node_id": 2}]}

    async def _send_request(self, request: MetadataRequest, node_id: int) -> Any:
        self.asked.append(node_id)
        known = _next(self._known)
        if known is None:
            raise NodeNotReadyError
        topics = [{"topic": name, "partitions": [_PARTITION] * known} for name in request._topics]
        return SimpleNamespace(to_object=lambda: {"topics": topics})


def _next(answers: list[Any]) -> Any:
    return answers.pop(0) if len(answers) > 1 else answers[0]


def _admin(cluster: Cluster) -> AIOKafkaAdminClient:
    return cast(AIOKafkaAdminClient, cluster)


async def test_a_topic_whose_settings_a_broker_does_not_know_is_missing_there() -> None:
    cluster = Cluster(codes=[UnknownTopicOrPartitionError.errno])
    [found] = await topics_admin._differences(_admin(cluster), [WANTED])
    assert (found.topic, found.mending) == ("bells", Mending.CREATE)


async def test_settling_waits_until_the_broker_that_is_asked_has_heard_of_everything() -> None:
    unknown = UnknownTopicOrPartitionError.errno
    cluster = Cluster(partitions=[2, 0, 2], codes=[unknown, unknown, 0])
    assert await topics_admin._settled(_admin(cluster), {WANTED.name: WANTED}) == ()
    assert cluster._partitions == [2]
    assert cluster._codes == [0]


async def test_settling_waits_until_each_broker_has_heard_of_everything() -> None:
    """A worker that starts next may ask any of them, and takes what that one does not know for missing."""
    cluster = Cluster(known=[2, 0, 0, 2, None, 2, 2])
    assert await topics_admin._settled(_admin(cluster), {WANTED.name: WANTED}) == ()
    assert cluster.asked == [1, 2, 1, 2, 1, 1, 2]


async def test_what_is_refused_for_now_is_asked_for_again() -> None:
    late, there = RequestTimedOutError.errno, TopicAlreadyExistsError.errno
    cluster = Cluster(partitions=[0, 0, 0, 2], made=[late, 0, there])
    assert await topics_admin._settled(_admin(cluster), {WANTED.name: WANTED}) == ()
    assert cluster.creations == 3


async def test_what_is_refused_for_good_is_said_at_once() -> None:
    cluster = Cluster(partitions=[0], made=[InvalidReplicationFactorError.errno])
    with pytest.raises(topics_admin.NotApplied, match="topic bells cannot be made: InvalidReplicationFactorError"):
        await topics_admin._settled(_admin(cluster), {WANTED.name: WANTED})


async def test_what_is_forbidden_is_said_at_once() -> None:
    cluster = Cluster(codes=[TopicAuthorizationFailedError.errno])
    with pytest.raises(topics_admin.NotAllowed, match="the settings of topic bells cannot be read"):
        await topics_admin._settled(_admin(cluster), {WANTED.name: WANTED})
