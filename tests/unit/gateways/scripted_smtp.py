"""An SMTP server on loopback that does what it is told at each step, and keeps what it accepted."""

import asyncio
import ssl
from collections import defaultdict
from contextlib import suppress
from enum import Enum, auto

STAGES = ("greeting", "ehlo", "auth", "rset", "mail", "rcpt", "data", "content")


class Fault(Enum):
    """What a server can do instead of answering."""

    DROP = auto()
    SILENCE = auto()
    ACCEPT_AND_DROP = auto()
    ACCEPT_AND_SILENCE = auto()
    GARBAGE = auto()


POSITIVE = {
    "greeting": "220 scripted.example ESMTP",
    "auth": "235 2.7.0 welcome",
    "rset": "250 2.0.0 ok",
    "mail": "250 2.1.0 ok",
    "rcpt": "250 2.1.5 ok",
    "data": "354 go ahead",
    "content": "250 2.0.0 Ok: queued as 4XyZ12",
}


class ScriptedServer:
    """`script` holds, per stage, what the next commands are answered with; without one they succeed."""

    def __init__(self, *extensions: str, tls: ssl.SSLContext | None = None) -> None:
        self.extensions = list(extensions)
        self.script: defaultdict[str, list[str | Fault]] = defaultdict(list)
        self.accepted: list[bytes] = []
        self.commands: list[str] = []
        self.connections = 0
        self.silence_seconds = 0.0
        """How far the event loop's clock goes forward when this server falls silent, so that nobody has to wait."""
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "ScriptedServer":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._converse(reader, writer)
        writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._answer("greeting", writer)
        while line := await reader.readline():
            command = line.decode().strip()
            self.commands.append(command)
            verb = command.split(" ")[0].split(":")[0].upper()
            if verb == "EHLO":
                await self._say_hello(writer)
            elif verb == "STARTTLS":
                await self._write(writer, "220 go on")
                assert self._tls is not None
                await writer.start_tls(self._tls)
            elif verb == "QUIT":
                return
            elif await self._answer(verb.lower(), writer) == 354:
                await self._take_content(reader, writer)

    async def _say_hello(self, writer: asyncio.StreamWriter) -> None:
        if self.script["ehlo"]:
            await self._answer("ehlo", writer)
            return
        lines = ["scripted.example", *self.extensions]
        text = "".join(f"250-{line}\r\n" for line in lines[:-1]) + f"250 {lines[-1]}"
        await self._write(writer, text)

    async def _take_content(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        content = await reader.readuntil(b"\r\n.\r\n")
        unstuffed = content[:-3].replace(b"\r\n..", b"\r\n.")
        planned = self.script["content"][:1]
        is_refused = isinstance(planned[0], str) and not planned[0].startswith("2") if planned else False
        if not is_refused and planned[:1] not in ([Fault.DROP], [Fault.SILENCE], [Fault.GARBAGE]):
            self.accepted.append(unstuffed)
        await self._answer("content", writer)

    async def _answer(self, stage: str, writer: asyncio.StreamWriter) -> int:
        planned = self.script[stage].pop(0) if self.script[stage] else POSITIVE[stage]
        if planned in (Fault.DROP, Fault.ACCEPT_AND_DROP):
            raise ConnectionAbortedError
        if planned in (Fault.SILENCE, Fault.ACCEPT_AND_SILENCE):
            _pass(self.silence_seconds)
            await asyncio.Event().wait()
        reply = "what is this" if isinstance(planned, Fault) else planned
        await self._write(writer, reply)
        if reply.startswith("421"):
            raise ConnectionAbortedError
        return int(reply[:3]) if reply[:3].isdigit() else 0

    async def _write(self, writer: asyncio.StreamWriter, text: str) -> None:
        writer.write(text.encode() + b"\r\n")
        await writer.drain()


def _pass(seconds: float) -> None:
    """Let the clock of the running event loop, which is this test's own, go forward."""
    loop = asyncio.get_running_loop()
    before = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign]  # there is no other clock to turn
