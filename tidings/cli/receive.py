"""`tidings receive`: one mail that came back, from the mail server onto topic `events`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from schemas.envelope import Event
    from tidings.config import Installation

TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: a mail server keeps the mail and comes again."""
LARGEST_MAIL_BYTES = 32 * 1024 * 1024


def receive(
    tenant: Annotated[str, typer.Option(help="Whose mail it is.")],
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The mail as it came; - is standard input.")] = "-",
) -> None:
    """Take one mail to a tenant: a report, a complaint, an answer or an unsubscribe. Mail servers pipe into it.

    Reports and automatic answers are recognised. Exit status 75 when the broker cannot be reached: try again.
    """
    import asyncio
    from datetime import UTC, datetime

    from gateways.received_mail import received
    from streams.client import Unavailable
    from tidings.cli.failures import INVALID, fail
    from tidings.cli.installation import installed

    raw = sys.stdin.buffer.read(LARGEST_MAIL_BYTES + 1) if file == "-" else Path(file).read_bytes()
    if len(raw) > LARGEST_MAIL_BYTES or not raw.strip():
        raise fail(f"A mail has between 1 and {LARGEST_MAIL_BYTES:,} bytes, this one has {len(raw):,}.", INVALID)
    found = received(raw, tenant, datetime.now(UTC))
    if found.event is not None:
        try:
            asyncio.run(_publish(installed(), found.event))
        except Unavailable as error:
            raise fail(f"{error}.", TRY_AGAIN) from None
    typer.echo(f"Understood as {found.understood_as}.")


async def _publish(installation: "Installation", event: "Event") -> None:
    from schemas import wire
    from schemas.topics import EVENTS
    from streams.client import publisher

    encoded = wire.encode(event)
    async with publisher(installation.kafka, EVENTS) as publishing:
        await publishing.send(EVENTS, event.key.encode(), encoded.value, encoded.headers)
