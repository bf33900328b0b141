"""`tidings rehearse`: scenario files through the very topology that production runs (contract section 10)."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from schemas.faults import Refused
    from tidings.rehearsal import Rehearsal


class Engine(StrEnum):
    """What the scenario runs on."""

    MEMORY = "memory"
    KAFKA = "kafka"


def rehearse(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Scenario files.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what happened; one line a file when there are several.")
    ] = False,
    partitions: Annotated[int, typer.Option(min=1, max=256, help="Into how many the topics are divided.")] = 8,
    engine: Annotated[
        Engine, typer.Option(help="kafka: through the real broker and Faust, which takes longer.")
    ] = Engine.MEMORY,
) -> None:
    """Run scenarios on a virtual clock with simulated providers, and compare with what they expect.

    Exit status 0 when all holds, 1 when something differs, 2 when a file is not valid.
    """
    from schemas.faults import Refused
    from tidings.config import load
    from tidings.rehearsal import rehearse as rehearse_file

    installation = load() if engine is Engine.KAFKA else None
    status = 0
    for path in files:
        try:
            rehearsal = rehearse_file(path, partitions=partitions, engine=engine.value, installation=installation)
        except Refused as refused:
            _say_invalid(path, refused)
            status = 2
        else:
            _show(path, rehearsal, as_json=as_json, one_line=len(files) > 1)
            status = max(status, 0 if rehearsal.holds else 1)
    raise typer.Exit(status)


def _say_invalid(path: Path, refused: "Refused") -> None:
    typer.echo(f"{path} is not valid:", err=True)
    for fault in refused.faults:
        typer.echo(f"  {fault}", err=True)


def _show(path: Path, rehearsal: "Rehearsal", *, as_json: bool, one_line: bool) -> None:
    from tidings.cli.output import print_json

    if as_json:
        print_json(rehearsal.outcome.to_plain(), indent=None if one_line else 2)
    word = typer.style("holds", fg="green") if rehearsal.holds else typer.style("DIFFERS", fg="red")
    typer.echo(f"{word}  {rehearsal.scenario.name} ({path})", err=as_json)
    for difference in rehearsal.differences:
        for line in str(difference).splitlines():
            typer.echo(f"  {line}", err=as_json)
