"""Departure: a worker that stops for good leaves its groups, so that the others take its partitions over at once.

A static member that merely stops keeps them until its session runs out, which is what a restart wants. Leaving
comes last, after all that this worker writes is acknowledged or given up, so that nothing of it comes after the others
have begun to recover its state.
"""

import logging
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Int16, Int32, Schema, String

from streams.naming import app_id
from tidings.config import Installation
from tidings.kafka_clients import started
from tidings.security import client_security

log = logging.getLogger(__name__)

_UNKNOWN_MEMBER = ""
"""The member id of a static member is not needed: it goes by its own name."""


async def leave(installation: Installation, stages: Iterable[str]) -> None:
    """Leave the groups of these stages; where that fails, the session runs out, which is said in the log."""
    made = AIOKafkaAdminClient(
        bootstrap_servers=installation.kafka.bootstrap_servers, **client_security(installation.kafka)
    )
    try:
        async with started(made) as admin:
            for stage in stages:
                await _leave(admin, app_id(installation, stage), installation.worker.name)
    except (KafkaError, OSError) as error:
        log.warning("partitions are kept until the session runs out: %s", error)


async def _leave(admin: AIOKafkaAdminClient, group: str, name: str) -> None:
    answer = await admin._send_request_to_node(await admin.find_coordinator(group), _LeaveGroup(group, name))
    codes = [answer.error_code, *(member[2] for member in answer.members)]
    failure = next((for_code(code) for code in codes if code), None)
    if failure is not None:
        log.warning("group %s does not let %s go, whose session has to run out: %s", group, name, failure.__name__)
    else:
        log.info("left group %s: its others take over the partitions of %s", group, name)


class _LeaveGroupAnswer(Response):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 13
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        (
            "members",
            Array(("member_id", String("utf-8")), ("group_instance_id", String("utf-8")), ("error_code", Int16)),
        ),
    )


class _LeaveGroupRequest(RequestStruct):  # type: ignore[misc]  # aiokafka is untyped
    """aiokafka 0.14.0 stops at version 1, which knows no static members; it can go when aiokafka has version 3."""

    API_KEY = 13
    API_VERSION = 3
    RESPONSE_TYPE = _LeaveGroupAnswer
    SCHEMA = Schema(
        ("group", String("utf-8")),
        ("members", Array(("member_id", String("utf-8")), ("group_instance_id", String("utf-8")))),
    )


class _LeaveGroup(Request[_LeaveGroupRequest]):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 13

    def __init__(self, group: str, name: str) -> None:
        self._group = group
        self._name = name

    def build(self, request_struct_class: type[_LeaveGroupRequest]) -> _LeaveGroupRequest:
        return request_struct_class(self._group, [(_UNKNOWN_MEMBER, self._name)])
