"""`tidings why`: what became of an event, and why, in sentences."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemas.words import Channel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidings.config import Kafka
    from tidings.explain import Story
    from tidings.inquiry import Inquiry
    from tidings.told import Told


def why(
    tenant: Annotated[str, typer.Option(help="The tenant it was for.")],
    event: Annotated[str | None, typer.Option(metavar="ID", help="The event's id.")] = None,
    contact: Annotated[str | None, typer.Option(metavar="ID", help="A contact's id.")] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="A kind, such as order_confirmation or rule:<id>.")
    ] = None,
    channel: Annotated[Channel | None, typer.Option(help="A channel.")] = None,
    message: Annotated[str | None, typer.Option(metavar="ID", help="A message's id; tells its whole life.")] = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="How far back to look.")] = 30,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Tell of so many decisions, the newest.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON, with all records.")] = False,
) -> None:
    """Say what became of an event, of a contact, of a kind, a channel or a message, and why.

    Of several options, all must be so. Exit status 1 when nothing is known of it.
    """
    from datetime import UTC, datetime, timedelta

    from tidings.cli.failures import INVALID, fail
    from tidings.inquiry import Inquiry

    since = datetime.now(UTC) - timedelta(days=days)
    inquiry = Inquiry(
        tenant=tenant,
        event_id=event,
        contact=contact,
        kind=kind,
        channel=channel,
        message_id=message,
        limit=limit,
        since=since,
    )
    if not inquiry.named:
        raise fail("Say what it is about: --event, --contact, --kind, --channel, --message, or several.", INVALID)
    _answer(inquiry, days, as_json=as_json)


def _answer(inquiry: "Inquiry", days: int, *, as_json: bool) -> None:
    import asyncio

    from tidings.cli.installation import installed
    from tidings.explain import stories
    from tidings.inquiry import inquire

    kafka = installed().kafka
    found = asyncio.run(inquire(kafka, inquiry))
    told = stories(found)
    if as_json:
        _print_json(told)
    else:
        _print(told)
    if found.left_off:
        typer.echo(f"{found.left_off} older decisions are left off; --limit tells more.", err=True)
    if not told:
        unknown = asyncio.run(_unknown(kafka, inquiry))
        typer.echo(f"Nothing is known of {inquiry} in the last {days} days. {unknown or _HINT}", err=True)
        raise typer.Exit(1)


async def _unknown(kafka: "Kafka", inquiry: "Inquiry") -> str | None:
    """A sentence on the name that nothing bears, or on the event that was refused."""
    from processors.kinds import KINDS
    from processors.settings import typed
    from tidings.dead_letters import letter_of
    from tidings.past import knows_contact
    from tidings.tenant_settings.standing import standing

    refused = await letter_of(kafka, inquiry.tenant, inquiry.event_id) if inquiry.event_id is not None else None
    if refused is not None:
        faults = "; ".join(map(str, refused.faults))
        shows = f"`tidings dead-letters show {refused.id}` shows it, `replay` publishes it again"
        return f"It was refused ({faults}). {shows}."
    settings = await standing(kafka, inquiry.tenant)
    if settings is None:
        return f"No tenant {inquiry.tenant!r} has settings: its events end in `tidings dead-letters list`."
    kinds = (*KINDS, *typed(settings).rules)
    if inquiry.kind is not None and inquiry.kind not in kinds:
        return f"There is no kind {inquiry.kind!r}; there are {', '.join(kinds)}."
    if inquiry.contact is not None and not await knows_contact(kafka, inquiry.tenant, inquiry.contact):
        return f"Tenant {inquiry.tenant} has no contact {inquiry.contact!r}."
    return None


_HINT = (
    "If it was published a moment ago, the workers may not have got to it (`tidings doctor` shows their lag), and"
    " events of a tenant without settings wait for them a little."
    " If it was refused, it is among `tidings dead-letters list`. If it only changed what is known, such as a contact,"
    " it needs no decision."
)


def _print(told: "Sequence[Story]") -> None:
    event_id = None
    for story in told:
        if story.event_id != event_id:
            event_id = story.event_id
            typer.echo(typer.style(f"Event {event_id}", bold=True))
        typer.echo(f"  {story.headline}")
        for line in story.told:
            typer.echo(f"    {_seconds(line)} {line.sentence}")
            for more in _rested_on(line):
                typer.echo(typer.style(f"      {more}", dim=True))
            if line.otherwise:
                typer.echo(typer.style(f"      {line.otherwise} Charged: {line.charged}.", dim=True))
            if line.advice:
                typer.echo(typer.style(f"      → {line.advice}", dim=True))


def _rested_on(line: "Told") -> "Sequence[str]":
    """The settings that decided, and the facts beside them."""
    import json

    version = "" if line.version is None else f", in settings version {line.version}"
    settings = [f"by {each.path} = {json.dumps(each.value, ensure_ascii=False)}{version}" for each in line.settings]
    named = {each.path for each in line.settings} | {each.path.rpartition(".")[2] for each in line.settings}
    others = [
        f"{fact} = {json.dumps(value, ensure_ascii=False)}"
        for fact, value in line.facts.items()
        if fact not in named and value is not None
    ]
    return [*settings, *([f"facts: {', '.join(others)}"] if others else [])]


def _seconds(line: "Told") -> str:
    from schemas.clock import rfc3339

    return rfc3339(line.at.replace(microsecond=0))


def _print_json(told: "Sequence[Story]") -> None:
    from tidings.cli.output import print_json

    print_json([_plain(story) for story in told])


def _plain(story: "Story") -> "dict[str, Any]":
    from schemas.validation import to_plain

    return {
        "event_id": story.event_id,
        "about": story.headline,
        "sentences": [
            {
                "at": _seconds(line),
                "says": line.sentence,
                "advice": line.advice,
                "otherwise": line.otherwise,
                "charged": line.charged,
                "settings": [{"path": each.path, "value": each.value} for each in line.settings],
                "settings_version": line.version,
                "facts": dict(line.facts),
            }
            for line in story.told
        ],
        "decisions": [to_plain(each) for each in story.decisions],
        "commands": [to_plain(each) for each in story.commands],
        "attempts": [to_plain(each) for each in story.attempts],
        "verdicts": [to_plain(each) for each in story.verdicts],
        "statuses": [to_plain(each) for each in story.statuses],
        "usage": [to_plain(each) for each in story.usage],
    }
