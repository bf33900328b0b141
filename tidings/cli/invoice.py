"""`tidings invoice`: what a tenant was billed, and whether the log comes to the same."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from schemas.billing import Invoice


def invoice(
    tenant: Annotated[str, typer.Option(help="The tenant that was billed.")],
    period: Annotated[str, typer.Option(metavar="YYYY-MM", help="The period on the invoice.")],
    recompute: Annotated[
        bool, typer.Option("--recompute", help="Compute it again from the log, and say in what it differs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the invoices as one JSON object.")] = False,
) -> None:
    """Show the invoices of a tenant and period, and the messages they are made of.

    Exit status 1 when there is none, or when `--recompute` finds a difference.
    """
    import asyncio
    import re

    from tidings.books import open_amounts, read_invoices
    from tidings.cli.failures import INVALID, fail
    from tidings.cli.installation import installed
    from tidings.tenant_settings.standing import standing

    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", period):
        raise fail(f"--period must be a month such as 2026-04, not {period!r}.", INVALID)
    kafka = installed().kafka
    found = [each for each in asyncio.run(read_invoices(kafka, tenant)) if each.period == period]
    if as_json:
        _print_json(found)
    else:
        _print(found)
    if not found and asyncio.run(standing(kafka, tenant)) is None:
        raise fail(f"Tenant {tenant} has no settings, so nothing was ever billed.")
    if not found:
        used = asyncio.run(open_amounts(kafka, tenant, period))
        so_far = " and ".join(f"{amount} {currency}" for currency, amount in sorted(used.items()))
        told = f" yet; its messages come to {so_far} so far" if so_far else ""
        typer.echo(f"Tenant {tenant} has no invoice for {period}{told}.", err=True)
    if recompute:
        _compare(tenant, period)
    elif not found:
        raise typer.Exit(1)


def _compare(tenant: str, period: str) -> None:
    import asyncio
    from datetime import UTC, datetime

    from tidings.books import read_books
    from tidings.cli.installation import installed
    from tidings.recomputation import differences

    books = asyncio.run(read_books(installed().kafka, tenant))
    found = differences(books, period, datetime.now(UTC))
    for each in found:
        typer.echo(f"Difference: {each}", err=True)
    if found:
        raise typer.Exit(1)
    typer.echo("Computed again from the log, it is the same to the cent.", err=True)


def _print(invoices: "Sequence[Invoice]") -> None:
    from schemas.clock import rfc3339
    from tidings.cli.output import console, table

    for each in invoices:
        shown = table("units", "amount", "messages")
        for line in each.lines:
            shown.add_row(str(line.units), str(line.amount), " ".join(line.usage_ids))
        head = f"{each.tenant} {each.period}: {each.total} {each.currency}, issued {rfc3339(each.at)}"
        typer.echo(typer.style(head, bold=True))
        console().print(shown)


def _print_json(invoices: "Sequence[Invoice]") -> None:
    from schemas.validation import to_plain
    from tidings.cli.output import print_json

    print_json({"invoices": [to_plain(each) for each in invoices]})
