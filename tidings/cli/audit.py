"""`tidings audit`: both sides of the laws, counted over the topics of an installation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidings.audit.findings import Difference, Findings

_LAWS = {
    1: "Nothing is lost",
    2: "Nothing is said twice",
    3: "Nobody who said no hears from us",
    6: "Every cent has its messages",
}


def audit(
    settle_seconds: Annotated[
        int, typer.Option(min=0, help="Leave out what is younger: it may still be on its way.")
    ] = 60,
    allow_repeats: Annotated[
        bool, typer.Option(help="Count records that a crash wrote twice, the same to the letter, as no difference.")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="Print so many differences, count the rest.")
    ] = 100,
    scratch: Annotated[
        Path | None, typer.Option(metavar="DIR", exists=True, file_okay=False, help="Where notes are kept meanwhile.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print counts and differences as one JSON object.")] = False,
) -> None:
    """Read all topics, count both sides of laws 1, 2, 3 and 6, and name every difference with its ids.

    Exit status 1 when there is one. Memory does not grow with the log: notes are kept on disk, about 1 KiB a record.
    """
    import asyncio
    from datetime import UTC, datetime, timedelta

    from tidings.audit.auditing import Audit, audit_kafka
    from tidings.audit.scope import Scope
    from tidings.cli.installation import installed

    now = datetime.now(UTC)
    auditing = Audit(scratch)
    try:
        asyncio.run(audit_kafka(installed().kafka, auditing))
        found = auditing.findings(Scope(now=now, settled=now - timedelta(seconds=settle_seconds)))
    finally:
        auditing.close()
    counting = [each for each in found.differences if not (allow_repeats and each.is_repeat)]
    if as_json:
        _print_json(found, counting)
    else:
        _print(found, counting, limit)
    raise typer.Exit(1 if counting else 0)


def _print(found: "Findings", differences: "Sequence[Difference]", limit: int) -> None:
    for law, words in _LAWS.items():
        own = [each for each in differences if each.law == law]
        verdict = f"{len(own):,} difference{'s' if len(own) != 1 else ''}" if own else "holds"
        typer.echo(typer.style(f"Law {law}. {words}: {verdict}.", bold=True, fg="red" if own else "green"))
        for name, count in sorted(found.counts[law].items()):
            typer.echo(f"  {count:>12,}  {name}")
    for name, sums in found.sums.items():
        for currency, amount in sorted(sums.items()):
            typer.echo(f"  {amount:>12,}  {currency} {name}")
    for each in differences[:limit]:
        typer.echo(f"Difference: {each}.")
    left = len(differences) - limit
    if left > 0:
        typer.echo(f"And {left:,} more: --limit prints them, --json has them all.")
    if found.found > len(found.differences):
        typer.echo(f"There are {found.found:,} in all; the first {len(found.differences):,} are named.")


def _print_json(found: "Findings", differences: "Sequence[Difference]") -> None:
    from tidings.cli.output import print_json

    print_json(
        {
            "counts": {f"law {law}": dict(sorted(found.counts[law].items())) for law in _LAWS},
            "sums": {name: {key: str(amount) for key, amount in sums.items()} for name, sums in found.sums.items()},
            "differences": [
                {"law": each.law, "subject": each.subject, "says": each.says, "is_repeat": each.is_repeat}
                for each in differences
            ],
            "found": found.found,
        }
    )
