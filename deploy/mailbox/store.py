"""The mails that arrived, newest first, in memory and with a limit."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime

from deploy.mailbox.journal import Journal
from deploy.mailbox.mail import Mail, read

MAILS_LIMIT = 5_000
BYTES_LIMIT = 256 * 1024 * 1024


class Mailbox:
    """The newest mails within both limits; `count` is of all that ever arrived."""

    def __init__(self, journal: Journal | None = None, mails_limit: int = MAILS_LIMIT) -> None:
        self.count = 0
        self._journal = journal
        self._mails: deque[Mail] = deque()
        self._mails_limit = mails_limit
        self._bytes = 0
        self._closed = False
        self._watchers: set[asyncio.Event] = set()

    async def take(self, source: bytes, envelope_from: str, envelope_to: tuple[str, ...], now: datetime) -> Mail:
        """Keep a mail; with a journal, return only when it is written there."""
        self.count += 1
        mail = read(self.count, source, envelope_from, envelope_to, now)
        if self._journal is not None:
            await self._journal.write(mail.message_id)
        self._mails.appendleft(mail)
        self._bytes += len(mail.source)
        while len(self._mails) > self._mails_limit or (self._bytes > BYTES_LIMIT and len(self._mails) > 1):
            self._bytes -= len(self._mails.pop().source)
        self._wake()
        return mail

    def mails(self, to: str | None = None) -> Iterator[Mail]:
        """The mails that are kept, newest first; with `to`, those to this envelope address."""
        wanted = to.lower() if to else None
        for mail in self._mails:
            if wanted is None or any(address.lower() == wanted for address in mail.envelope_to):
                yield mail

    def find(self, id_: int) -> Mail | None:
        """The mail with this number, while it is kept."""
        return next((mail for mail in self._mails if mail.id == id_), None)

    def clear(self) -> None:
        """Forget all mails; the count begins anew, the journal stays."""
        self._mails.clear()
        self._bytes = 0
        self.count = 0
        self._wake()

    def close(self) -> None:
        """End all `changes`."""
        self._closed = True
        self._wake()

    async def changes(self) -> AsyncIterator[int]:
        """The count, each time it changed; several changes at once are one."""
        with self._watching() as changed:
            while not self._closed:
                await changed.wait()
                changed.clear()
                yield self.count

    @contextmanager
    def _watching(self) -> Iterator[asyncio.Event]:
        changed = asyncio.Event()
        self._watchers.add(changed)
        try:
            yield changed
        finally:
            self._watchers.discard(changed)

    def _wake(self) -> None:
        for changed in self._watchers:
            changed.set()
