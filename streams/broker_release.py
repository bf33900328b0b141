"""Which Kafka a broker is: brokers do not say, but the features of their cluster grow with each release."""

from collections.abc import Mapping
from io import BytesIO

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.api import Request, RequestStruct, Response, ResponseHeader_v0
from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

from schemas.faults import Fault, Refused

OLDEST_LEVEL = 25
"""`metadata.version` of Kafka 4.0, the oldest that Tidings is made for."""
_RELEASES = ((25, "4.0"), (27, "4.1"), (29, "4.2"), (30, "4.3"))
"""The newest `metadata.version` of each release, as `kafka-storage version-mapping` of 4.3.1 says."""
_FEATURE = "metadata.version"
_FINALIZED_FEATURES = 2
_FINALIZED = CompactArray(
    ("name", CompactString("utf-8")),
    ("max_version_level", Int16),
    ("min_version_level", Int16),
    ("tags", TaggedFields),
)


async def metadata_level(admin: AIOKafkaAdminClient) -> int:
    """The cluster's `metadata.version`; 0 where it has none, as before Kafka 3.3."""
    answer = await admin._send_request(_Features())
    return _levels(answer.tags).get(_FEATURE, 0)


def release_of(level: int) -> str:
    """The Kafka release of a `metadata.version`."""
    if level < OLDEST_LEVEL:
        return "older than 4.0"
    for newest, release in _RELEASES:
        if level <= newest:
            return release
    return f"newer than {_RELEASES[-1][1]}"


def _levels(tags: Mapping[int, bytes]) -> dict[str, int]:
    content = tags.get(_FINALIZED_FEATURES)
    if content is None:
        return {}
    try:
        return {name: level for name, level, _, _ in _FINALIZED.decode(BytesIO(content))}
    except ValueError as error:
        raise Refused(Fault(path="", reason=f"the broker's features cannot be read: {error}")) from error


class _FeaturesAnswer(Response):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 18
    API_VERSION = 3
    SCHEMA = Schema(
        ("error_code", Int16),
        (
            "api_versions",
            CompactArray(("api_key", Int16), ("min_version", Int16), ("max_version", Int16), ("tags", TaggedFields)),
        ),
        ("throttle_time_ms", Int32),
        ("tags", TaggedFields),
    )


class _FeaturesRequest(RequestStruct):  # type: ignore[misc]  # aiokafka is untyped
    """aiokafka 0.14.0 stops at version 2, which has no features; it can go when aiokafka has version 3."""

    FLEXIBLE_VERSION = True
    API_KEY = 18
    API_VERSION = 3
    RESPONSE_TYPE = _FeaturesAnswer
    SCHEMA = Schema(
        ("client_software_name", CompactString("utf-8")),
        ("client_software_version", CompactString("utf-8")),
        ("tags", TaggedFields),
    )

    def parse_response_header(self, read_buffer: BytesIO | bytes) -> ResponseHeader_v0:
        """This answer alone keeps the old header in all versions, so that any client can read it (KIP-511)."""
        return ResponseHeader_v0.decode(read_buffer)


class _Features(Request[_FeaturesRequest]):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 18

    def build(self, request_struct_class: type[_FeaturesRequest]) -> _FeaturesRequest:
        return request_struct_class("tidings", "1", {})
