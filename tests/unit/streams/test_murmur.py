"""Keys go to the partitions to which Kafka's other clients send them."""

import pytest
from aiokafka.partitioner import murmur2 as aiokafkas
from hypothesis import given
from hypothesis import strategies as st

from streams.client import partition_of
from streams.murmur import murmur2

JAVAS = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536, b"abc": 479470107}
"""From the tests of Kafka's Java client."""


@pytest.mark.parametrize(("key", "murmur"), JAVAS.items())
def test_a_key_has_the_hash_of_the_java_client(key: bytes, murmur: int) -> None:
    assert murmur2(key) == murmur & 0xFFFFFFFF
    assert partition_of(key, 1000) == (murmur & 0x7FFFFFFF) % 1000


@given(st.binary(max_size=300))
def test_a_key_has_the_hash_of_aiokafka(key: bytes) -> None:
    assert murmur2(key) == aiokafkas(key) & 0xFFFFFFFF
