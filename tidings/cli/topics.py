"""`tidings topics`: what the installation's topics have to be like, and making them so."""

from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.output import example

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.topics_admin import Difference

app = typer.Typer(no_args_is_help=True, help="Compare the broker's topics with what Tidings needs, and mend them.")
Json = Annotated[bool, typer.Option("--json", help="Print a JSON list of the differences.")]


@app.command(epilog=example("tidings topics plan"))
def plan(as_json: Json = False) -> None:
    """List what differs and change nothing; exit status 1 when something does."""
    import asyncio

    from streams.topics_admin import plan as plan_topics
    from tidings.config import load

    differences = asyncio.run(plan_topics(load()))
    _show(differences, as_json)
    if not differences and not as_json:
        typer.echo("All topics are as they have to be.")
    raise typer.Exit(1 if differences else 0)


@app.command(epilog=example("tidings topics apply"))
def apply(as_json: Json = False) -> None:
    """Make what is missing and change what differs; exit status 1 when something is left to do by hand."""
    import asyncio

    from streams.topics_admin import apply as apply_topics
    from tidings.config import load

    left = asyncio.run(apply_topics(load()))
    _show(left, as_json)
    if not left and not as_json:
        typer.echo("All topics are as they have to be.")
    raise typer.Exit(1 if left else 0)


def _show(differences: "Sequence[Difference]", as_json: bool) -> None:
    from tidings.cli.output import print_json

    if as_json:
        print_json(
            [
                {
                    "topic": each.topic,
                    "setting": each.setting or None,
                    "found": each.found,
                    "wanted": each.wanted or None,
                    "mending": each.mending,
                }
                for each in differences
            ]
        )
        return
    for each in differences:
        typer.echo(f"{str(each)[:1].upper()}{str(each)[1:]}.")
