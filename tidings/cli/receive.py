"""`tidings receive`: mails that came back, from the mail server onto topic `events`."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence

    from schemas.envelope import Event
    from streams.client import Publisher
    from tidings.mails import Mail

TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: a mail server keeps the mail and comes again."""
_AT_ONCE = 100
"""So many mails are under way before the first of them has to be safe."""


def receive(
    tenant: Annotated[str, typer.Option(help="Whose mail it is.")],
    places: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE|MBOX|MAILDIR|-]...", help="Mails as they came; - is one on standard input."),
    ] = None,
) -> None:
    """Take mails to a tenant: reports, complaints, answers, unsubscribes. Mail servers pipe one, cron names many.

    Of a Maildir the new ones are taken, and marked as seen when they are safe. Exit status 1 when a mail or a place was
    left out, each with its reason; 75 when the broker or an mbox cannot be had now: try again.
    """
    import asyncio

    from streams.unavailable import Unavailable
    from tidings.cli.failures import fail, told
    from tidings.cli.rules import possible_tenant

    taking = _Taking(possible_tenant(tenant))
    try:
        asyncio.run(taking.take_all(places or ["-"]))
    except Unavailable as error:
        raise fail(told(error), TRY_AGAIN) from None
    taking.end()


class _Taking:
    """Takes mail by mail, says what each was understood as, and counts."""

    def __init__(self, tenant: str) -> None:
        self._tenant = tenant
        self._taken = self._published = self._left_out = 0
        self._is_busy = False
        self._publisher: Publisher | None = None

    async def take_all(self, places: "Sequence[str]") -> None:
        """No broker is asked for where no mail is an event."""
        async with AsyncExitStack() as stack:
            under_way: list[tuple[Mail, str, Awaitable[object] | None]] = []
            for mail in self._mails(places):
                under_way += [one for one in [await self._begin(mail, stack)] if one is not None]
                if len(under_way) >= _AT_ONCE:
                    await self._finish(under_way)
            await self._finish(under_way)

    def end(self) -> None:
        """Count, and leave with the status."""
        from tidings.cli.failures import FAILED

        if self._taken + self._left_out != 1:
            left_out = f", {self._left_out:,} left out" if self._left_out else ""
            mails = "mail" if self._taken == 1 else "mails"
            typer.echo(f"{self._taken:,} {mails} taken, {self._published:,} of them events{left_out}.")
        if self._is_busy:
            raise typer.Exit(TRY_AGAIN)
        raise typer.Exit(FAILED if self._left_out else 0)

    def _mails(self, places: "Sequence[str]") -> "Iterator[Mail]":
        from tidings.mails import NoMail, mails_in

        for place in places:
            try:
                yield from mails_in(place)
            except NoMail as reason:
                self._is_busy = self._is_busy or reason.is_busy
                self._leave_out(str(reason))

    async def _begin(self, mail: "Mail", stack: AsyncExitStack) -> "tuple[Mail, str, Awaitable[object] | None] | None":
        from datetime import UTC, datetime

        from gateways.received_mail import received
        from schemas.events import STATE_ONLY

        if mail.fault is not None:
            self._leave_out(f"{mail.name} {mail.fault}")
            return None
        found = received(mail.raw, self._tenant, datetime.now(UTC))
        if found.event is None:
            return mail, found.understood_as, None
        safe = await self._publish(mail, found.event, stack)
        is_report = found.event.type in STATE_ONLY
        understood_as = found.understood_as if is_report else f"{found.understood_as} (event {found.event.id})"
        return None if safe is None else (mail, understood_as, safe)

    async def _publish(self, mail: "Mail", event: "Event", stack: AsyncExitStack) -> "Awaitable[object] | None":
        from schemas import wire
        from schemas.faults import Refused
        from schemas.topics import EVENTS
        from streams.client import publisher
        from tidings.cli.installation import installed

        if self._publisher is None:
            self._publisher = await stack.enter_async_context(publisher(installed().kafka, EVENTS))
        encoded = wire.encode(event)
        try:
            return await self._publisher.enqueue(EVENTS, event.key.encode(), encoded.value, encoded.headers)
        except Refused as refused:
            self._leave_out(f"{mail.name} cannot be published: {'; '.join(map(str, refused.faults))}")
            return None

    async def _finish(self, under_way: "list[tuple[Mail, str, Awaitable[object] | None]]") -> None:
        for mail, understood_as, safe in under_way:
            if safe is not None:
                await safe
                self._published += 1
            mail.take_away()
            self._taken += 1
            typer.echo(f"{mail.name}: understood as {understood_as}.")
        under_way.clear()

    def _leave_out(self, words: str) -> None:
        self._left_out += 1
        typer.echo(f"{words[:1].upper()}{words[1:]}.", err=True)
