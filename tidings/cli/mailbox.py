"""`tidings mailbox`: a mail server that keeps what it gets and shows it on a web page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from deploy.mailbox.server import Address


def mailbox(
    smtp_port: Annotated[int, typer.Option(min=0, max=65535, help="For mail; 0 takes any free one.")] = 1025,
    web_port: Annotated[int, typer.Option(min=0, max=65535, help="For the web page; 0 takes any free one.")] = 8025,
    journal: Annotated[
        Path | None, typer.Option(help="Append each Message-ID to this file, on disk before the sender is answered.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print where it listens as one JSON object.")] = False,
) -> None:
    """Take mail on this machine and show it on a web page, delivering to nobody."""
    import asyncio

    from deploy.mailbox.journal import Journal
    from deploy.mailbox.server import run
    from tidings.cli.failures import INVALID, fail
    from tidings.cli.output import print_json

    def ready(address: "Address") -> None:
        if as_json:
            print_json({"smtp_port": address.smtp_port, "web_port": address.web_port, "url": address.url}, indent=None)
        else:
            typer.echo(f"Mail is taken at 127.0.0.1:{address.smtp_port} and shown at {address.url} (Ctrl-C ends it).")

    try:
        written = Journal(journal) if journal else None
    except OSError as error:
        raise fail(f"--journal {journal} cannot be written: {error.strerror}.", INVALID) from None
    asyncio.run(run(smtp_port, web_port, written, ready))
