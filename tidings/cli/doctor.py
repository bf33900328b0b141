"""`tidings doctor`: what is wrong with this installation and what to do about it."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tidings.config import Installation
    from tidings.doctor.finding import Finding

_COLOURS = {"ok": "green", "warning": "yellow", "fault": "red"}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of findings.")] = False) -> None:
    """Look at Python, broker, topics, workers, mail server and disk; exit status 1 when messages cannot leave."""
    import asyncio

    from tidings.cli.installation import installed
    from tidings.cli.output import print_json

    findings = asyncio.run(_examine(installed(), quietly=as_json))
    if as_json:
        print_json(
            [
                {"subject": each.subject, "level": each.level.value, "says": each.says, "advice": each.advice}
                for each in findings
            ]
        )
    raise typer.Exit(1 if any(each.level == "fault" for each in findings) else 0)


async def _examine(installation: "Installation", *, quietly: bool) -> "list[Finding]":
    import logging

    from tidings.doctor.checkup import checkup

    findings = []
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # what clients would log is said by the findings
    try:
        async for finding in checkup(installation):
            findings.append(finding)
            if not quietly:
                _show(finding)
    finally:
        logging.disable(before)
    return findings


def _show(finding: "Finding") -> None:
    level = typer.style(finding.level.value.ljust(7), fg=_COLOURS[finding.level])
    typer.echo(f"{level}  {finding.subject}: {finding.says}")
    if finding.advice:
        typer.echo(f"         → {finding.advice}")
