"""`tidings doubt list | send | drop`: messages on hold, of which nobody can tell whether they left."""

from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.output import example

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.delivery import LedgerEntry
    from tidings.doubt import Doubt, Known

app = typer.Typer(
    no_args_is_help=True, help="Decide about messages on hold: nobody can tell whether their provider took them."
)
Ids = Annotated[list[str], typer.Argument(metavar="MESSAGE…", help="Ids of messages, as in the list.")]
By = Annotated[str, typer.Option("--by", metavar="ID", help="The member of staff who decides; it is recorded.")]
Wait = Annotated[float, typer.Option(min=1, help="How long to wait for the gateway.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list", epilog=example("tidings doubt list --tenant pantry"))
def list_(
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's.")] = None,
    as_json: Json = False,
) -> None:
    """List the messages on hold, oldest first."""
    import asyncio

    from tidings.cli.installation import installed
    from tidings.cli.output import console, print_json, table
    from tidings.doubt import known

    doubts = asyncio.run(known(installed().kafka)).doubts
    shown = [each for each in doubts if tenant in (None, each.message.tenant)]
    if as_json:
        print_json([_plain(each) for each in shown])
        return
    if shown:
        rows = table("message", "since", "tenant", "kind", "channel", "to", "attempt", "what happened")
        for each in shown:
            rows.add_row(*(str(value) for value in _plain(each).values()))
        console().print(rows)
    typer.echo(f"{len(shown)} on hold.")


@app.command(epilog=example("tidings doubt send m7qk3xv5d2hw6tnzrjcab4ye2 --by s1"))
def send(ids: Ids, by: By, wait_seconds: Wait = 30.0, as_json: Json = False) -> None:
    """Have messages on hold sent once more, under the same ids; what bars a message still bars it.

    Nothing is written when one of them is not on hold. Exit status 1 when a gateway did not take a verdict in time.
    """
    _judge(ids, by, wait_seconds, sends_again=True, as_json=as_json)


@app.command(epilog=example("tidings doubt drop m7qk3xv5d2hw6tnzrjcab4ye2 --by s1"))
def drop(ids: Ids, by: By, wait_seconds: Wait = 30.0, as_json: Json = False) -> None:
    """Leave messages on hold at that: they stay doubtful, and are on hold no more.

    Nothing is written when one of them is not on hold. Exit status 1 when a gateway did not take a verdict in time.
    """
    _judge(ids, by, wait_seconds, sends_again=False, as_json=as_json)


def _judge(ids: "Sequence[str]", by: str, wait_seconds: float, *, sends_again: bool, as_json: bool) -> None:
    import asyncio
    from datetime import UTC, datetime

    from tidings.cli.installation import installed
    from tidings.cli.output import print_json
    from tidings.doubt import judge, known, outcomes

    kafka = installed().kafka
    doubts = _asked(asyncio.run(known(kafka, set(ids))), ids)
    asyncio.run(judge(kafka, doubts, sends_again=sends_again, by=by, now=datetime.now(UTC)))
    found = asyncio.run(outcomes(kafka, doubts, wait_seconds))
    late = [each.message for each in doubts if each.message.message_id not in found]
    if as_json:
        print_json([_outcome(each, found.get(each.message.message_id)) for each in doubts])
    else:
        for message_id, entry in found.items():
            typer.echo(f"{message_id}: {_said(entry)}.")
    for message in late:
        said = f"{message.message_id}: the verdict stands on {message.topic}, and its gateway has not taken it yet."
        typer.echo(f"{said} `tidings why --tenant {message.tenant} --message {message.message_id}` tells when it has.")
    raise typer.Exit(1 if late else 0)


def _asked(found: "Known", ids: "Sequence[str]") -> "list[Doubt]":
    from tidings.cli.failures import INVALID, fail

    on_hold = {each.message.message_id: each for each in found.doubts}
    wrong = [id_ for id_ in ids if id_ not in on_hold]
    if wrong:
        raise fail("\n".join(_why_not(id_, found.entries.get(id_)) for id_ in dict.fromkeys(wrong)), INVALID)
    return [on_hold[id_] for id_ in dict.fromkeys(ids)]


def _why_not(id_: str, entry: "LedgerEntry | None") -> str:
    if entry is None:
        return f"No gateway knows a message {id_!r}; `tidings doubt list` lists those on hold."
    return f"Message {id_} is not on hold: {_said(entry)}."


def _said(entry: "LedgerEntry") -> str:
    detail = f" ({entry.detail})" if entry.detail else ""
    return f"attempt {entry.attempt} is {entry.state.replace('_', ' ')}{detail}"


def _plain(each: "Doubt") -> dict[str, object]:
    from schemas.clock import rfc3339

    message = each.message
    return {
        "message": message.message_id,
        "since": rfc3339(each.since),
        "tenant": message.tenant,
        "kind": message.kind,
        "channel": message.channel,
        "to": message.to,
        "attempt": each.attempt,
        "detail": each.detail,
    }


def _outcome(each: "Doubt", entry: "LedgerEntry | None") -> dict[str, object]:
    from schemas.clock import rfc3339

    return {
        "message": each.message.message_id,
        "is_taken": entry is not None,
        "state": entry.state if entry else None,
        "attempt": entry.attempt if entry else each.attempt,
        "at": rfc3339(entry.at) if entry else None,
        "detail": entry.detail if entry else None,
    }
