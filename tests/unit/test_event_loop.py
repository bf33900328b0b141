"""What workers and gateways run on."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tidings.event_loop import TLS_CLOSE_SECONDS, Loop

PEM = Path(__file__).parent / "gateways" / "loopback.pem"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """The port of a TLS server that says one thing and then nothing more, not even that it heard us close."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(PEM)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            plain, _ = listening.accept()
            with context.wrap_socket(plain, server_side=True) as taken:
                taken.sendall(b"x")
                over.wait()

        serving = threading.Thread(target=serve)
        serving.start()
        yield listening.getsockname()[1]
        over.set()
        serving.join()


def test_a_tls_connection_is_closed_though_the_other_side_does_not_agree(silent_port: int) -> None:
    async def open_and_close() -> None:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", silent_port, ssl=ssl.create_default_context(cafile=PEM)
        )
        await reader.readexactly(1)
        writer.close()
        async with asyncio.timeout(15 * TLS_CLOSE_SECONDS) as limit:
            with suppress(ConnectionError, TimeoutError):  # uvloop says that it had to cut the connection
                await writer.wait_closed()
        assert not limit.expired()

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(open_and_close())
