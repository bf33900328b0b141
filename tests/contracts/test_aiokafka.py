"""What aiokafka does not have, or keeps to itself."""

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol import admin
from aiokafka.protocol import group as group_protocol
from aiokafka.structs import ConsumerRecord

from streams.broker_release import _Features
from streams.incremental_configs import SetTopicConfigs
from tests.contracts.upgrade import promised, still_needed


def test_aiokafka_cannot_ask_for_the_features_of_a_cluster() -> None:
    still_needed(
        not hasattr(admin, "ApiVersionRequest_v3"),
        "aiokafka's ApiVersions request stops at version 2, which knows no features.",
        "streams.broker_release",
    )


def test_aiokafka_cannot_set_one_setting_of_a_topic() -> None:
    still_needed(
        not hasattr(AIOKafkaAdminClient, "incremental_alter_configs"),
        "aiokafka's alter_configs replaces all settings of a topic.",
        "streams.incremental_configs",
    )


def test_aiokafka_cannot_let_a_static_member_leave() -> None:
    still_needed(
        not hasattr(group_protocol, "LeaveGroupRequest_v3"),
        "aiokafka's LeaveGroup request stops at a version that knows no static members.",
        "streams.departure",
    )


def test_requests_of_our_own_can_be_sent() -> None:
    promised(
        callable(AIOKafkaAdminClient._send_request) and (_Features.API_KEY, SetTopicConfigs.API_KEY) == (18, 44),
        "that an admin client sends requests that aiokafka does not know, with _send_request.",
        "streams.broker_release and streams.incremental_configs",
    )
    promised(
        callable(AIOKafkaAdminClient._send_request_to_node) and callable(AIOKafkaAdminClient.find_coordinator),
        "that an admin client sends a request of ours to the coordinator of a group.",
        "streams.departure",
    )


async def test_a_consumer_lets_all_topics_be_listed() -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")
    producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1")
    for client in (consumer._client, producer.client):
        promised(
            callable(client.fetch_all_metadata),
            "that a client lists all topics without naming them, which would make missing ones.",
            "streams.client._partitions and publisher",
        )
    await producer.stop()


def test_a_record_has_the_fields_that_the_engine_reads() -> None:
    fields = set(ConsumerRecord.__dataclass_fields__)
    promised(
        {"topic", "partition", "offset", "timestamp", "timestamp_type", "key", "value", "headers"} <= fields,
        "that a consumed record has its coordinates, time, key, value and headers.",
        "streams.batch, streams.guard and streams.quarantine",
    )
