"""One SMTP session: once aiosmtplib has connected, secured and authenticated, messages go over it one by one.

What matters is where it breaks: up to the final dot nothing was sent, for certain; between the dot and its reply nobody
knows. aiosmtplib's own `sendmail` does not tell the two apart. With PIPELINING (RFC 2920) MAIL, RCPT and DATA travel in
one write; the content never does, so that a session has at most one message in doubt.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from gateways.answers import Answer, Rejected, Retry, Unknown
from gateways.smtp_replies import SERVICE_CLOSING, Reply, answer_to_content, answer_to_mail, answer_to_recipient

START_MAIL_INPUT = 354
LONGEST_REPLY_BYTES = 64 * 1024
LINK_LOST = "link_lost"
"""The code of an attempt that broke off before the final dot."""


class LinkLost(ConnectionError):
    """The connection broke, went silent or talked nonsense; `replies` are those that came before."""

    def __init__(self, reason: str, replies: Sequence[Reply] = ()) -> None:
        super().__init__(reason)
        self.replies = tuple(replies)


class NothingHeard(LinkLost):
    """It broke before the server had answered the first command: a session that the server had given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extensions:
    """What the server offers, as far as we use it; `size_limit` 0 is none."""

    pipelining: bool = False
    dsn: bool = False
    size: bool = False
    size_limit: int = 0
    smtputf8: bool = False
    eight_bit: bool = False

    @classmethod
    def of(cls, offered: dict[str, str]) -> "Extensions":
        """Read the words of the EHLO reply."""
        limit = offered.get("size", "").strip()
        return cls(
            pipelining="pipelining" in offered,
            dsn="dsn" in offered,
            size="size" in offered,
            size_limit=int(limit) if limit.isdigit() else 0,
            smtputf8="smtputf8" in offered,
            eight_bit="8bitmime" in offered,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """From whom, to whom, what, and under which envelope id reports come back (RFC 3461)."""

    sender: str
    recipient: str
    content: bytes
    envelope_id: str
    needs_smtputf8: bool = False


class Transport(Protocol):
    """What a session needs of asyncio's transport."""

    def write(self, data: bytes) -> None:
        """Send."""

    def is_closing(self) -> bool:
        """Whether it is of no more use."""

    def close(self) -> None:
        """Close in good order."""

    def abort(self) -> None:
        """Close at once."""


class Session(asyncio.Protocol):
    """A state machine of one connection; `deliver` is called for one message at a time."""

    def __init__(self, transport: Transport, extensions: Extensions, *, timeout_seconds: float) -> None:
        self.extensions = extensions
        self.delivered = 0
        self.idle_since = 0.0
        self._transport = transport
        self._timeout_seconds = timeout_seconds
        self._tail = b""
        self._lines: list[bytes] = []
        self._replies: list[Reply] = []
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._lost: str | None = None
        self._needs_reset = False

    @property
    def is_usable(self) -> bool:
        """Whether the next message may be tried on it. A server that speaks unasked is taking its leave (421)."""
        return self._lost is None and not self._replies and not self._transport.is_closing()

    async def deliver(self, envelope: Envelope, *, final_timeout_seconds: float) -> Answer:
        """Send one message and say what came of it. Raises NothingHeard when another session may try it at once."""
        refusal = _unfit(envelope, self.extensions)
        if refusal is not None:
            return refusal
        self.delivered += 1
        try:
            refusal = await self._introduce(envelope)
        except LinkLost as lost:
            return self._broken_off(lost)
        if refusal is not None:
            return refusal
        return await self._hand_over(envelope, final_timeout_seconds)

    def leave(self) -> None:
        """Say QUIT, as far as there is somebody to hear it, and close."""
        if self.is_usable:
            self._transport.write(b"QUIT\r\n")
        self._transport.close()

    async def _introduce(self, envelope: Envelope) -> Answer | None:
        """MAIL, RCPT and DATA. None when the server waits for the content."""
        commands = _commands(envelope, self.extensions)
        if self._needs_reset:
            commands.insert(0, b"RSET\r\n")
        groups = [b"".join(commands)] if self.extensions.pipelining else commands
        replies: list[Reply] = []
        for group in groups:
            if replies and not replies[-1].is_positive:
                break
            replies += await self._ask(group, len(commands) if self.extensions.pipelining else 1, replies)
        if self._needs_reset:
            if not replies.pop(0).is_positive:
                raise LinkLost("RSET was refused")
            self._needs_reset = False
        return self._judge(replies)

    def _judge(self, replies: Sequence[Reply]) -> Answer | None:
        for number, reply in enumerate(replies):
            if reply.is_positive or (number == 2 and reply.code == START_MAIL_INPUT):
                continue
            self._needs_reset = True
            if reply.code == SERVICE_CLOSING:
                self.abandon("the server closes the session")
                if number == 0 and self.delivered > 1:
                    raise LinkLost("the server had given the session up")
            elif replies[-1].code == START_MAIL_INPUT:
                # It wants content for a refused envelope; none of ours may go there.
                self.abandon("content wanted for a refused envelope")
            return answer_to_recipient(reply) if number == 1 else answer_to_mail(reply)
        if len(replies) == 3 and replies[2].code == START_MAIL_INPUT:
            return None
        self.abandon("DATA was not answered with 354")
        return Retry(code=LINK_LOST, detail="the server's replies make no sense", is_outage=True)

    async def _hand_over(self, envelope: Envelope, final_timeout_seconds: float) -> Answer:
        """The content and the final dot. Nothing after the write is definite but a reply."""
        content = envelope.content
        if b"\n." in content or content.startswith(b"."):
            content = (b"\n" + content).replace(b"\n.", b"\n..")[1:]
        try:
            (reply,) = await self._ask(content + b".\r\n", 1, (), timeout_seconds=final_timeout_seconds)
        except LinkLost as lost:
            return Unknown(detail=f"after the final dot: {lost}")
        answer = answer_to_content(reply)
        if reply.code == SERVICE_CLOSING or answer is None:
            self.abandon("the server closes the session")
        return answer or Unknown(detail=f"the final dot was answered with {reply.code}")

    def _broken_off(self, lost: LinkLost) -> Answer:
        """Before the final dot, so not sent. A 421 on the way says why; a refusal that was heard stands."""
        self.abandon(str(lost))
        gave_up = self.delivered > 1 and lost.replies[:1] and lost.replies[0].code == SERVICE_CLOSING
        if not lost.replies or gave_up:
            raise NothingHeard(str(lost)) from lost
        refused = next((reply for reply in lost.replies if reply.code >= 400), None)
        if refused is not None and refused.code != SERVICE_CLOSING:
            at_recipient = lost.replies.index(refused) == (2 if self._needs_reset else 1)
            return answer_to_recipient(refused) if at_recipient else answer_to_mail(refused)
        code = LINK_LOST if refused is None else str(refused.code)
        return Retry(code=code, detail=str(lost), is_outage=True)

    async def _ask(
        self, data: bytes, count: int, before: Sequence[Reply], *, timeout_seconds: float | None = None
    ) -> list[Reply]:
        """Write, and wait for so many replies. Raises LinkLost with all replies so far."""
        if self._lost is not None:
            raise LinkLost(self._lost, before)
        loop = asyncio.get_running_loop()
        self._waiter, self._wanted = loop.create_future(), count
        limit = loop.call_later(timeout_seconds or self._timeout_seconds, self.abandon, "no reply in time")
        self._transport.write(data)
        try:
            await self._waiter
        finally:
            limit.cancel()
            self._waiter = None
        replies, self._replies = self._replies, []
        if len(replies) > count:
            self.abandon("more replies than commands")
            raise LinkLost("more replies than commands", before)
        if len(replies) < count:
            raise LinkLost(f"the session ended: {self._lost}", [*before, *replies])
        return replies

    def abandon(self, reason: str) -> None:
        """Give the connection up at once."""
        if self._lost is None:
            self._lost = reason
            self._transport.abort()
        self._awake()

    def _awake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def data_received(self, data: bytes) -> None:
        """asyncio's call: collect lines to replies."""
        *lines, self._tail = (self._tail + data).split(b"\n")
        for line in lines:
            if self._lost is not None:
                return
            self._lines.append(line)
            if line[3:4] != b"-":
                self._reply()
        if len(self._tail) + sum(map(len, self._lines)) > LONGEST_REPLY_BYTES:
            self.abandon("a reply without end")
        if len(self._replies) >= self._wanted:
            self._awake()

    def _reply(self) -> None:
        lines, self._lines = self._lines, []
        code = lines[-1][:3]
        if not code.isdigit():
            self.abandon("a reply without a code")
            return
        text = "\n".join(line[4:].rstrip(b"\r").decode("utf-8", "replace") for line in lines)
        self._replies.append(Reply(code=int(code), text=text))

    def eof_received(self) -> bool:
        """asyncio's call: the server closed its side; we close ours."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """asyncio's call: the connection is gone."""
        self._lost = self._lost or (f"connection lost: {error}" if error else "connection closed by the server")
        self._awake()


def adopt(transport: asyncio.BaseTransport, session: Session) -> None:
    """Hand an open connection over to a session; from here on aiosmtplib has nothing to do with it."""
    transport.set_protocol(session)


def as_transport(transport: asyncio.BaseTransport) -> Transport:
    """asyncio's own classes, under the name we use."""
    return cast(Transport, transport)


def _commands(envelope: Envelope, offered: Extensions) -> list[bytes]:
    sender = f"MAIL FROM:<{envelope.sender}>"
    recipient = f"RCPT TO:<{envelope.recipient}>"
    if offered.size:
        sender += f" SIZE={len(envelope.content)}"
    if offered.eight_bit and not envelope.content.isascii():
        sender += " BODY=8BITMIME"
    if envelope.needs_smtputf8:
        sender += " SMTPUTF8"
    if offered.dsn:
        sender += f" RET=HDRS ENVID={envelope.envelope_id}"
        recipient += " NOTIFY=FAILURE,DELAY"
    return [sender.encode() + b"\r\n", recipient.encode() + b"\r\n", b"DATA\r\n"]


def _unfit(envelope: Envelope, offered: Extensions) -> Answer | None:
    """What this server cannot take, said without asking it."""
    if envelope.needs_smtputf8 and not offered.smtputf8:
        detail = "an address has letters outside ASCII before the @, and the mail server does not offer SMTPUTF8"
        return Rejected(code="553", detail=detail)
    if offered.size_limit and len(envelope.content) > offered.size_limit:
        detail = f"the mail has {len(envelope.content)} bytes, and the mail server takes {offered.size_limit}"
        return Rejected(code="552", detail=detail)
    return None
