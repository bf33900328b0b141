"""Topic ids: the names that Kafka itself gives to a cluster and to each topic, and never gives twice."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO

from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

from streams.client import administration
from streams.unavailable import TopicMissing
from tidings.config import Kafka


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicIds:
    """The cluster's id, and topics' ids by name."""

    cluster: str
    topics: Mapping[str, str]


async def topic_ids(kafka: Kafka, names: Iterable[str]) -> TopicIds:
    """The ids of these topics; raises Unavailable."""
    async with administration(kafka) as admin:
        answer = await admin._send_request(_TopicIds(names))
    for code, name, *_ in answer.topics:
        if code:
            raise TopicMissing(f"The broker at {kafka.bootstrap_servers} does not tell the id of topic {name}.")
    return TopicIds(cluster=answer.cluster_id, topics={name: topic_id for _, name, topic_id, *_ in answer.topics})


class _Uuid(AbstractType[str]):  # type: ignore[misc]  # aiokafka is untyped
    @classmethod
    def encode(cls, value: str) -> bytes:
        return uuid.UUID(value).bytes

    @classmethod
    def decode(cls, data: BytesIO) -> str:
        return str(uuid.UUID(bytes=data.read(16)))


class _TopicIdsAnswer(Response):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", CompactString("utf-8")),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _TopicIdsRequest(RequestStruct):  # type: ignore[misc]  # aiokafka is untyped
    """aiokafka 0.14.0 stops at version 5, which has no topic ids; it can go when aiokafka has version 12."""

    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 12
    RESPONSE_TYPE = _TopicIdsAnswer
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("topic", CompactString("utf-8")), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _TopicIds(Request[_TopicIdsRequest]):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 3

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = tuple(topics)

    def build(self, request_struct_class: type[_TopicIdsRequest]) -> _TopicIdsRequest:
        by_name = str(uuid.UUID(int=0))
        return request_struct_class([(by_name, topic, {}) for topic in self._topics], False, False, {})
