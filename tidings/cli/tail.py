"""`tidings tail`: the records of a topic, decoded, as they come."""

from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from schemas.topics import Topic
    from streams.client import Stored
    from tidings.config import Installation


def tail(
    topic: Annotated[str, typer.Argument(help="The topic, such as events, decisions or delivery.statuses.")],
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="Begin with the oldest record.")] = False,
    count: Annotated[
        int | None, typer.Option("--count", "-n", min=1, help="End after so many records; without it, Ctrl-C ends.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Show the records of a topic as they come, decoded; what cannot be decoded is shown with the reason."""
    import asyncio

    from schemas.topics import BY_NAME
    from tidings.cli.failures import INVALID, fail
    from tidings.cli.installation import installed

    if topic not in BY_NAME:
        raise fail(f"There is no topic {topic!r}; there are {', '.join(BY_NAME)}.", INVALID)
    asyncio.run(_follow(installed(), BY_NAME[topic], from_beginning, count, as_json))


async def _follow(
    installation: "Installation", topic: "Topic", from_beginning: bool, count: int | None, as_json: bool
) -> None:
    from streams.client import follow

    shown = 0
    async with aclosing(follow(installation.kafka, topic, from_beginning=from_beginning)) as records:
        async for stored in records:
            _show(topic, stored, as_json)
            shown += 1
            if shown == count:
                return


def _show(topic: "Topic", stored: "Stored", as_json: bool) -> None:
    from schemas.clock import rfc3339
    from tidings.cli.output import print_json

    key = stored.key.decode("utf-8", "replace") if stored.key is not None else None
    kind, plain = _decoded(topic, stored)
    place = {"partition": stored.position.partition, "offset": stored.position.offset}
    if as_json:
        print_json(
            {**place, "at": rfc3339(stored.position.at), "key": key, "record": kind, "value": plain}, indent=None
        )
        return
    import json

    head = f"{rfc3339(stored.position.at)} {stored.position} {key or '-'} {kind}"
    typer.echo(f"{typer.style(head, bold=True)}\n  {json.dumps(plain, ensure_ascii=False)}")


def _decoded(topic: "Topic", stored: "Stored") -> tuple[str, object]:
    from schemas import wire
    from schemas.envelope import Event
    from schemas.faults import Unreadable
    from schemas.state import TenantSettings
    from schemas.validation import to_plain
    from tidings.tenant_settings.in_force import masked

    if stored.value is None:
        return "removed", None
    try:
        record = wire.decode(topic, stored.key, stored.value, stored.headers)
    except Unreadable as unreadable:
        return "unreadable", {"errors": [str(fault) for fault in unreadable.faults], "bytes": len(stored.value)}
    if isinstance(record, Event):
        plain = wire.event_to_json(record)
        return "Event", masked("", plain) if record.type == "settings.changed" else plain
    plain = to_plain(record)
    return type(record).__name__, masked("", plain) if isinstance(record, TenantSettings) else plain
