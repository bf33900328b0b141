"""A mail server that writes down each mail before it answers, after a while as real relays do."""

import asyncio
import re
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

_MESSAGE_ID = re.compile(rb"^Message-ID: <([^@]+)@", re.MULTILINE)


class Sink:
    """`journal` holds the message ids in the order of acceptance."""

    def __init__(self, latency_seconds: float) -> None:
        self.journal: list[str] = []
        self._latency_seconds = latency_seconds

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, loop=loop), "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        found = _MESSAGE_ID.search(envelope.content)
        assert found is not None
        self.journal.append(found.group(1).decode())
        await asyncio.sleep(self._latency_seconds)
        return "250 2.0.0 Ok: queued"
