"""Asks a broker whether it serves: an open port is not enough, it has to name itself in its cluster's metadata.

One request of the Kafka protocol by hand, because this is asked ten times a second of a port that refuses at first:
a client library would log an error for each refusal and needs an event loop, which the caller may be running already.
"""

import socket
import struct

from deploy.local_kafka.config import HOST

ANSWER_SECONDS = 2.0
LARGEST_ANSWER_BYTES = 1_000_000

_METADATA = 3
_METADATA_VERSION = 4  # the last one before compact encoding by many; answers start with throttle time and brokers
_CORRELATION = 1
_CLIENT = b"tidings-readiness"


def serves(port: int) -> bool:
    """Whether a broker at the port answers a metadata request with at least one live broker."""
    try:
        with socket.create_connection((HOST, port), timeout=ANSWER_SECONDS) as connection:
            connection.sendall(_metadata_request())
            return _live_brokers(_answer(connection)) > 0
    except (OSError, struct.error):
        return False


def _metadata_request() -> bytes:
    header = struct.pack(">hhih", _METADATA, _METADATA_VERSION, _CORRELATION, len(_CLIENT)) + _CLIENT
    no_topics_no_creation = struct.pack(">i?", 0, False)
    request = header + no_topics_no_creation
    return struct.pack(">i", len(request)) + request


def _answer(connection: socket.socket) -> bytes:
    (size,) = struct.unpack(">i", _exactly(connection, 4))
    if not 0 <= size <= LARGEST_ANSWER_BYTES:
        raise OSError(f"an answer of {size} bytes is no metadata")
    return _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        chunk = connection.recv(size - len(received))
        if not chunk:
            raise ConnectionError("the broker closed the connection")
        received += chunk
    return received


def _live_brokers(answer: bytes) -> int:
    correlation, _throttle_ms, brokers = struct.unpack_from(">iii", answer)
    return brokers if correlation == _CORRELATION else 0
