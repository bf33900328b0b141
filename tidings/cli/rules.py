"""`tidings rules`: looks at settings and rules in a file before they are published."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.output import example

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.settings import Settings
    from tidings.tenant_settings.draft import BadDraft

app = typer.Typer(no_args_is_help=True, help="Look at a tenant's settings and rules before they are published.")


@app.command(epilog=example("tidings rules check pantry.yaml"))
def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="A tenant's settings, or only the list of its rules, as YAML.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the faults as one JSON array.")] = False,
) -> None:
    """Name everything that is wrong in a file, with its line, as a change of settings would be refused.

    Nothing but the files is looked at: `tidings try` says how messages would differ, and holds rules alone against the
    tenant's other settings. Exit status 0 when the files are valid, 2 when one is not.
    """
    from tidings.cli.output import print_json
    from tidings.tenant_settings.draft import BadDraft, read_draft

    faults: list[dict[str, object]] = []
    for path in files:
        try:
            file = read_draft(path)
            settings = file.checked()
        except BadDraft as bad:
            faults += told(path, bad, aloud=not as_json)
        else:
            many = len(settings.rules)
            typer.echo(f"{path} is valid, with {many} rule{'s' if many != 1 else ''}.", err=as_json)
            for line in _costs(settings):
                typer.echo(line, err=as_json)
    if as_json:
        print_json(faults)
    raise typer.Exit(2 if faults else 0)


def _costs(settings: "Settings") -> "Iterator[str]":
    from processors.template_extent import ASSUMED_CHARACTERS, ASSUMED_ITEMS
    from processors.text_cost import is_counted, text_cost

    for rule in settings.rules:
        if is_counted(rule.channel) and rule.text is not None:
            cost = text_cost(rule.text, rule.channel, settings)
            price = f", {cost.price} {settings.currency}" if cost.price is not None else ""
            many = f"{cost.most} {cost.unit}{'s' if cost.most != 1 else ''}"
            assumed = f"if a value has {ASSUMED_CHARACTERS} characters and a list {ASSUMED_ITEMS} items"
            yield f"rule:{rule.id}: at most {many}{price}, {assumed}."


def one_tenant(named: str | None, asked: str | None) -> str:
    """The tenant that a file names, or that was asked for; ends the command when they differ or there is none."""
    from tidings.cli.failures import INVALID, fail

    if named and asked and named != asked:
        raise fail(f"The file is of tenant {named}, not {asked}.", INVALID)
    tenant = asked or named
    if tenant is None:
        raise fail("Name the tenant with --tenant: the file does not say it.", INVALID)
    return possible_tenant(tenant)


def possible_tenant(tenant: str) -> str:
    """The tenant id, if any tenant may have it; ends the command otherwise."""
    from schemas.envelope_reading import checked_tenant
    from tidings.cli.failures import INVALID, fail

    try:
        return checked_tenant(tenant)
    except ValueError as error:
        raise fail(f"A tenant id {error}.", INVALID) from None


def told(path: Path, bad: "BadDraft", *, aloud: bool) -> list[dict[str, object]]:
    """The faults of a file for programs; said to people as well where `aloud`."""
    if aloud:
        say(path, bad)
    return [
        {"file": str(path), "line": each.line, "path": each.fault.path, "reason": each.fault.reason}
        for each in bad.placed
    ]


def say(path: Path, bad: "BadDraft") -> None:
    """Each fault on a line of its own, as compilers and editors write and read them."""
    for each in bad.placed:
        typer.echo(f"{path}:{'' if each.line is None else f'{each.line}:'} {each.fault}", err=True)
