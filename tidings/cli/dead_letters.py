"""`tidings dead-letters`: records that could not be read or applied, and publishing them again after a fix."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.output import example

if TYPE_CHECKING:
    from schemas.dead_letter import DeadLetter
    from streams.client import Publisher
    from tidings.config import Kafka
    from tidings.dead_letters import Filed

app = typer.Typer(no_args_is_help=True, help="See what could not be read or applied, and publish it again after a fix.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_SHOWN_BYTES = 2_000


@app.command("list", epilog=example("tidings dead-letters list --all"))
def list_(
    every: Annotated[bool, typer.Option("--all", help="Also those that were replayed.")] = False,
    as_json: Json = False,
) -> None:
    """List dead letters, oldest first; without --all, those that nobody has replayed."""
    import asyncio

    from tidings.cli.installation import installed
    from tidings.cli.output import console, print_json, table
    from tidings.dead_letters import Fate, read

    found = asyncio.run(read(installed().kafka))
    shown = [each for each in found if every or each.fate is Fate.OPEN]
    if as_json:
        print_json([_plain(each) for each in shown])
        return
    if shown:
        rows = table("id", "at", "tenant", "event", "what is wrong", "fate")
        for each in shown:
            rows.add_row(*_row(each))
        console().print(rows)
    replayed = len(found) - sum(each.fate is Fate.OPEN for each in found)
    typer.echo(f"{len(found) - replayed} open, {replayed} replayed.")


@app.command(epilog=example("tidings dead-letters show events/0/17"))
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As in the list.")],
    as_json: Json = False,
) -> None:
    """Show one dead letter: its faults, and the record as it came."""
    import asyncio

    from tidings.cli.installation import installed
    from tidings.cli.output import print_json
    from tidings.dead_letters import read

    [each] = _asked(asyncio.run(read(installed().kafka)), [id_])
    if as_json:
        print_json(_plain(each) | _record(each.letter))
    else:
        _show(each)


@app.command(epilog=example("tidings dead-letters replay events/0/17"))
def replay(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID…", help="As in the list.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that nobody has replayed yet.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Also those that were replayed already.")] = False,
    as_json: Json = False,
) -> None:
    """Publish dead letters again, unchanged, to the topics they came from; redelivered events do no harm.

    A timer is put back, and fires at the next tick.

    A letter stays listed under --all with what became of it. One that is refused again is a new letter.
    """
    import asyncio

    from tidings.cli.failures import INVALID, fail
    from tidings.cli.installation import installed
    from tidings.cli.output import print_json
    from tidings.dead_letters import Fate, read

    if bool(ids) == every:
        raise fail("Name the letters to replay, or say --all.", INVALID)
    kafka = installed().kafka
    found = asyncio.run(read(kafka))
    chosen = _asked(found, ids) if ids else list(found)
    wanted = [each for each in chosen if again or each.fate is Fate.OPEN]
    for each in chosen:
        if ids and each not in wanted:
            typer.echo(f"{each.letter.id} was replayed already; --again replays it once more.", err=True)
    placed = asyncio.run(_replay(kafka, wanted))
    if as_json:
        print_json([{"letter": letter, "now": place} for letter, place in placed])
        return
    for letter, place in placed:
        typer.echo(f"{letter} stands again at {place}.")
    typer.echo(f"{len(placed)} replayed.")


async def _replay(kafka: "Kafka", wanted: "Sequence[Filed]") -> list[tuple[str, str]]:
    from schemas.topics import BY_NAME, DEAD_LETTERS
    from streams.client import publisher

    topics = [BY_NAME[name] for name in sorted({each.letter.topic for each in wanted})]
    async with publisher(kafka, DEAD_LETTERS, *topics) as publishing:
        return [(each.letter.id, await _replay_one(publishing, each.letter)) for each in wanted]


async def _replay_one(publishing: "Publisher", letter: "DeadLetter") -> str:
    """The record first, then the note of it: after a crash in between the letter is open still, which does no harm."""
    from schemas import wire
    from schemas.dead_letter import Replay
    from schemas.topics import BY_NAME, DEAD_LETTERS

    # A timer belongs to the partition of the tick at which it fired; anything else, to that of its key.
    partition = None if letter.timer is None else letter.partition
    headers = tuple(letter.headers.items())
    stands = await publishing.send(BY_NAME[letter.topic], letter.key, letter.value, headers, partition=partition)
    note = Replay(letter=letter.id, topic=stands.topic, partition=stands.partition, offset=stands.offset, at=stands.at)
    await publishing.send(DEAD_LETTERS, letter.id.encode(), wire.encode(note).value)
    return note.place


def _asked(found: "Iterable[Filed]", ids: Sequence[str]) -> "list[Filed]":
    from tidings.cli.failures import INVALID, fail

    by_id = {each.letter.id: each for each in found}
    for id_ in ids:
        if id_ not in by_id:
            raise fail(f"There is no dead letter {id_!r}; `tidings dead-letters list --all` lists them.", INVALID)
    return [by_id[id_] for id_ in dict.fromkeys(ids)]


def _row(each: "Filed") -> tuple[str, ...]:
    from schemas.clock import rfc3339

    letter = each.letter
    event = " ".join(part for part in (letter.type, letter.event_id) if part)
    if letter.timer is not None:
        event = f"timer of {letter.stage}"
    return (
        letter.id,
        rfc3339(letter.at),
        letter.tenant or "-",
        event or "-",
        "; ".join(map(str, letter.faults)),
        _fate(each),
    )


def _fate(each: "Filed") -> str:
    if not each.replays:
        return "open"
    if each.successor:
        return f"replayed, refused again as {each.successor.id}"
    return f"replayed as {each.replays[-1].place}"


def _show(each: "Filed") -> None:
    from schemas.clock import rfc3339

    letter = each.letter
    typer.echo(typer.style(letter.id, bold=True) + f"  {_fate(each)}")
    what = "the record is of" if letter.timer is None else "it is a timer, which fired at the tick of"
    typer.echo(f"Set aside by {letter.stage}; {what} {rfc3339(letter.at)}.")
    for name, value in (("Tenant", letter.tenant), ("Type", letter.type), ("Event", letter.event_id)):
        if value is not None:
            typer.echo(f"{name}: {value}")
    typer.echo("What is wrong:")
    for fault in letter.faults:
        typer.echo(f"  {fault}")
    record = _record(letter)
    typer.echo(f"Key: {record['key']}")
    for name, content in letter.headers.items():
        typer.echo(f"Header {name}: {_readable(content)}")
    typer.echo(f"Value, {len(letter.value or b''):,} bytes: {_readable(letter.value)}")
    if letter.stack:
        typer.echo(letter.stack)


def _plain(each: "Filed") -> dict[str, object]:
    from schemas.clock import rfc3339

    letter = each.letter
    return {
        "id": letter.id,
        "stage": letter.stage,
        "is_timer": letter.timer is not None,
        "at": rfc3339(letter.at),
        "tenant": letter.tenant,
        "type": letter.type,
        "event_id": letter.event_id,
        "errors": [{"path": fault.path, "reason": fault.reason} for fault in letter.faults],
        "fate": each.fate.value,
        "replays": [{"now": replay.place, "at": rfc3339(replay.at)} for replay in each.replays],
        "refused_again_as": each.successor.id if each.successor else None,
    }


def _record(letter: "DeadLetter") -> dict[str, object]:
    import base64

    return {
        "key": _readable(letter.key),
        "value": base64.b64encode(letter.value).decode() if letter.value is not None else None,
        "headers": {name: _readable(content) for name, content in letter.headers.items()},
        "stack": letter.stack,
    }


def _readable(content: bytes | None) -> str:
    """Text as it is, anything else as Python writes bytes; control characters never reach the terminal."""
    if content is None:
        return "(none)"
    cut = content[:_SHOWN_BYTES]
    more = f" … {len(content) - len(cut):,} more" if len(content) > len(cut) else ""
    try:
        text = cut.decode()
    except UnicodeDecodeError:
        return f"{cut!r}{more}"
    return (text if text.isprintable() else repr(text)) + more
