"""Email by SMTP: messages to mail, mail to a relay, over a few sessions that are used again and again."""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiosmtplib
import structlog

from gateways.addresses import Address, NotAnAddress, address, sender
from gateways.answers import Answer, Rejected, Unreachable
from gateways.mime import mail, message_id_header
from gateways.smtp_session import Envelope, Extensions, NothingHeard, Session, adopt, as_transport
from gateways.unsubscribe.links import Links
from schemas.message import Message
from schemas.words import Lane
from tidings.config import Smtp, Tls

MESSAGES_PER_SESSION = 1_000
IDLE_SECONDS = 20.0
"""Servers give idle sessions up; one that was idle for longer is closed by us before it is tried."""
FINAL_TIMEOUT_SECONDS = 600.0
"""How long the reply to the final dot is waited for (RFC 5321, 4.5.3.2.6): short time-outs make duplicates."""
URGENT_FINAL_TIMEOUT_SECONDS = 60.0
MESSAGES_PER_SESSION_IN_HAND = 8
"""Messages in hand per session: the next ones have their intents acked while the one before is on the wire."""
URGENT_SHARE = 0.2
SHORTEST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 30.0
TRIES_ON_STALE_SESSIONS = 3

BAD_ADDRESS = "501"
"""Our own refusal of an address, in SMTP's words: syntax error in parameters."""
BAD_CONTENT = "554"

log = structlog.get_logger("gateways")


class SmtpRelay:
    """The mail server of this installation; a provider (`gateways.answers.Provider`)."""

    def __init__(self, settings: Smtp, *, tls: ssl.SSLContext | None = None, links: Links | None = None) -> None:
        self._settings = settings
        self._links = links
        self._tls = tls or _tls(settings)
        self._idle: deque[Session] = deque()
        self._sessions = asyncio.Semaphore(settings.sessions)
        # Whatever hangs, a fifth of the sessions answers urgent messages.
        self._not_urgent = asyncio.Semaphore(max(1, int(settings.sessions * (1 - URGENT_SHARE))))
        self._is_down = False
        self._in_use = 0
        self._returned = asyncio.Event()

    @property
    def name(self) -> str:
        """What logs call it."""
        return f"smtp {self._settings.host}:{self._settings.port}"

    @property
    def capacity(self) -> int:
        """How many messages it can have on the way at once."""
        return self._settings.sessions * MESSAGES_PER_SESSION_IN_HAND

    async def ready(self) -> None:
        """Return once a session can be had, trying with growing pauses and saying so once."""
        pause = SHORTEST_RETRY_SECONDS
        while not (self._in_use or self._has_idle()):
            try:
                self._give_back(await self._connect())
            except (aiosmtplib.SMTPException, OSError) as error:
                if not self._is_down:
                    log.error("mail server cannot be reached; messages wait", provider=self.name, error=_said(error))
                self._is_down = True
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_RETRY_SECONDS)
        if self._is_down:
            log.info("mail server is back", provider=self.name)
            self._is_down = False

    async def send(self, message: Message, attempt: int) -> Answer:
        """Hand over one message; the attempt's number changes nothing in it."""
        try:
            envelope = _envelope(message, self._links)
        except NotAnAddress as error:
            return Rejected(code=BAD_ADDRESS, detail=str(error))
        except ValueError as error:  # an attachment that is no base64, a text that is no Unicode
            return Rejected(code=BAD_CONTENT, detail=f"no mail can be made of it: {type(error).__name__}")
        is_urgent = message.lane is Lane.URGENT
        final = URGENT_FINAL_TIMEOUT_SECONDS if is_urgent else FINAL_TIMEOUT_SECONDS
        for _ in range(TRIES_ON_STALE_SESSIONS):
            try:
                async with self._session(is_urgent=is_urgent) as session:
                    return await session.deliver(envelope, final_timeout_seconds=final)
            except NothingHeard as error:
                problem: Exception = error
            except (aiosmtplib.SMTPException, OSError) as error:
                return self._unreachable(error)
        return self._unreachable(problem)

    async def close(self) -> None:
        """Say good-bye on every idle session."""
        while self._idle:
            self._idle.pop().leave()

    def _unreachable(self, error: Exception) -> Answer:
        return Unreachable(detail=_said(error))

    def _has_idle(self) -> bool:
        """Whether a session waits that is fit for use; those that are not are closed."""
        while self._idle and not _is_fit(self._idle[-1]):
            self._idle.pop().abandon("idle for too long")
        return bool(self._idle)

    @asynccontextmanager
    async def _session(self, *, is_urgent: bool) -> AsyncIterator[Session]:
        async with AsyncExitStack() as places:
            if not is_urgent:
                await places.enter_async_context(self._not_urgent)
            await places.enter_async_context(self._sessions)
            session = await self._obtain()
            self._in_use += 1
            try:
                yield session
            except asyncio.CancelledError:
                session.abandon("the gateway stops")
                raise
            finally:
                self._in_use -= 1
                self._give_back(session)

    async def _obtain(self) -> Session:
        """An idle session, or a new one; while the server takes no more of them, one of those that there are."""
        while not self._has_idle():
            try:
                return await self._connect()
            except (aiosmtplib.SMTPException, OSError):
                if not self._in_use:
                    raise
            self._returned.clear()
            await self._returned.wait()
        return self._idle.pop()

    def _give_back(self, session: Session) -> None:
        is_spent = session.delivered >= MESSAGES_PER_SESSION or len(self._idle) >= self._settings.sessions
        if is_spent or not session.is_usable:
            session.leave()
        else:
            session.idle_since = time.monotonic()
            self._idle.append(session)
        self._returned.set()

    async def _connect(self) -> Session:
        """Connect, greet, secure, authenticate. Raises SMTPException or OSError."""
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=settings.password,
            local_hostname=settings.hostname,
            timeout=settings.timeout_seconds,
            use_tls=settings.tls is Tls.TLS,
            start_tls=settings.tls is Tls.STARTTLS,
            tls_context=self._tls,
        )
        await client.connect()
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        transport = client.transport
        if transport is None:
            raise aiosmtplib.SMTPServerDisconnected("the connection was closed after the greeting")
        extensions = Extensions.of(client.esmtp_extensions)
        session = Session(as_transport(transport), extensions, timeout_seconds=settings.timeout_seconds)
        adopt(transport, session)
        # aiosmtplib closes what it believes to own when it is collected or hears of a loss.
        client.protocol = client.transport = None
        return session


def _envelope(message: Message, links: Links | None) -> Envelope:
    from_, to = sender(message.from_), address(message.to)
    reply_to = sender(message.reply_to) if message.reply_to else None
    return Envelope(
        sender=str(from_),
        recipient=str(to),
        content=mail(message, from_, to, reply_to, links),
        envelope_id=message_id_header(message.message_id).decode().replace("+", "+2B"),  # xtext, RFC 3461 section 4
        needs_smtputf8=_any_needs_smtputf8(from_, to, reply_to),
    )


def _any_needs_smtputf8(*addresses: Address | None) -> bool:
    return any(each is not None and each.needs_smtputf8 for each in addresses)


def _is_fit(session: Session) -> bool:
    return session.is_usable and time.monotonic() - session.idle_since < IDLE_SECONDS


def _tls(settings: Smtp) -> ssl.SSLContext | None:
    """One context for all connections: making one takes 30 ms, a handshake with it 1 ms."""
    if settings.tls is Tls.NONE:
        return None
    context = ssl.create_default_context()
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _said(error: Exception) -> str:
    """The error in words, without the server's text, which may repeat an address."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{type(error).__name__}: {error.code}"
    return f"{type(error).__name__}: {error}"
