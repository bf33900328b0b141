"""The mailbox's SMTP side: it takes every mail for everybody and answers 250 when the mail is kept."""

import asyncio
import socket
from datetime import UTC, datetime

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.mailbox.store import Mailbox

SIZE_LIMIT_BYTES = 16 * 1024 * 1024


class _Delivery:
    """aiosmtpd's handler: the methods it looks for are named after SMTP's commands."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        source = content.encode() if isinstance(content, str) else content or b""
        try:
            mail = await self._mailbox.take(
                source, envelope.mail_from or "", tuple(envelope.rcpt_tos), datetime.now(UTC)
            )
        except OSError as error:
            return f"451 4.3.0 The journal cannot be written: {error.strerror}"
        return f"250 2.0.0 Ok: kept as {mail.id}"


async def listen(mailbox: Mailbox, bound: socket.socket) -> asyncio.Server:
    """Take mail on a socket that is bound."""

    def session() -> SMTP:
        return SMTP(
            _Delivery(mailbox),
            hostname="mailbox.localhost",
            ident="Tidings mailbox",
            data_size_limit=SIZE_LIMIT_BYTES,
            enable_SMTPUTF8=True,
            timeout=600,
            loop=loop,
        )

    loop = asyncio.get_running_loop()
    return await loop.create_server(session, sock=bound)
