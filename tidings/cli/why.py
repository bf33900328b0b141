"""`tidings why`: what became of an event, and why, in sentences."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tidings.explain import Story


def why(
    tenant: Annotated[str, typer.Option(help="The tenant it was for.")],
    event: Annotated[str | None, typer.Option(metavar="ID", help="The event's id.")] = None,
    contact: Annotated[str | None, typer.Option(metavar="ID", help="A contact's id.")] = None,
    message: Annotated[str | None, typer.Option(metavar="ID", help="A message's id.")] = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="How far back to look.")] = 30,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the decisions and statuses as one JSON object.")
    ] = False,
) -> None:
    """Say what became of an event, of all events of a contact, or of a message, and why.

    Exit status 1 when nothing is known of it.
    """
    import asyncio
    from datetime import UTC, datetime, timedelta

    from tidings.cli.failures import INVALID, fail
    from tidings.cli.installation import installed
    from tidings.explain import stories
    from tidings.inquiry import Inquiry, inquire

    if sum(asked is not None for asked in (event, contact, message)) != 1:
        raise fail("Ask about one thing: --event, --contact or --message.", INVALID)
    inquiry = Inquiry(
        tenant=tenant,
        event_id=event,
        contact=contact,
        message_id=message,
        since=datetime.now(UTC) - timedelta(days=days),
    )
    found = asyncio.run(inquire(installed().kafka, inquiry))
    told = stories(found.decisions, found.statuses)
    if as_json:
        _print_json(told)
    else:
        _print(told)
    if not told:
        typer.echo(f"Nothing is known of {inquiry} in the last {days} days.{_HINT}", err=True)
        raise typer.Exit(1)


_HINT = (
    " If it was published a moment ago, the workers may not have got to it (`tidings doctor` shows their lag), and"
    " events of a tenant without settings wait for them a little."
    " If it was refused, it is among `tidings dead-letters list`."
)


def _print(told: "Sequence[Story]") -> None:
    event_id = None
    for story in told:
        if story.event_id != event_id:
            event_id = story.event_id
            typer.echo(typer.style(f"Event {event_id}", bold=True))
        typer.echo(f"  {story.headline}")
        for line in story.told:
            typer.echo(f"    {line.at} {line.sentence}")
            if line.advice:
                typer.echo(typer.style(f"      → {line.advice}", dim=True))


def _print_json(told: "Sequence[Story]") -> None:
    from schemas.validation import to_plain
    from tidings.cli.output import print_json

    print_json(
        [
            {
                "event_id": story.event_id,
                "about": story.headline,
                "sentences": [{"at": line.at, "says": line.sentence, "advice": line.advice} for line in story.told],
                "decisions": [to_plain(each) for each in story.decisions],
                "statuses": [to_plain(each) for each in story.statuses],
            }
            for story in told
        ]
    )
