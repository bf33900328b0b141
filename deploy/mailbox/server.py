"""Both sides of the mailbox in one process, until it is told to stop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn

from deploy.mailbox.journal import Journal
from deploy.mailbox.smtp import listen
from deploy.mailbox.store import Mailbox
from deploy.mailbox.web import application

HOST = "127.0.0.1"
SMTP_PORT = 1025
WEB_PORT = 8025


class PortTaken(OSError):
    """Another program listens where the mailbox was to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a mailbox listens, on loopback only."""

    smtp_port: int
    web_port: int

    @property
    def url(self) -> str:
        """The page of what arrived."""
        return f"http://{HOST}:{self.web_port}/"


class _Web(uvicorn.Server):
    """uvicorn without its signal handlers: whoever runs the mailbox ends it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(mailbox: Mailbox, smtp_port: int = SMTP_PORT, web_port: int = WEB_PORT) -> AsyncIterator[Address]:
    """Serve a mailbox inside the block; port 0 takes any that is free, one that is taken raises PortTaken."""
    smtp_socket, web_socket = _bound(smtp_port, "--smtp-port"), _bound(web_port, "--web-port")
    web = _Web(uvicorn.Config(application(mailbox), log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    async with await listen(mailbox, smtp_socket):
        running = asyncio.create_task(web.serve(sockets=[web_socket]))
        try:
            yield Address(smtp_port=smtp_socket.getsockname()[1], web_port=web_socket.getsockname()[1])
        finally:
            mailbox.close()
            web.should_exit = True
            await running


def _bound(port: int, option: str) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise PortTaken(f"Port {port} cannot be listened on ({error.strerror}); name another with {option}.") from error


async def run(smtp_port: int, web_port: int, journal: Journal | None, ready: Callable[[Address], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is called once both ports listen."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        async with serving(Mailbox(journal), smtp_port, web_port) as address:
            ready(address)
            await stop.wait()
    finally:
        if journal is not None:
            journal.close()
