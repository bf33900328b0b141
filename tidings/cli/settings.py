"""`tidings settings show | diff | apply`: a tenant's settings, as a whole and with their version."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.output import example

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.state import TenantSettings
    from tidings.tenant_settings.difference import Change
    from tidings.tenant_settings.settings_file import SettingsFile
    from tidings.tenant_settings.standing import Applied

app = typer.Typer(no_args_is_help=True, help="Show a tenant's settings, compare them with a file, change them by one.")
File = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="As `tidings settings show --yaml` writes it; or the settings or rules alone."),
]
Whose = Annotated[str | None, typer.Option("--tenant", help="Whose settings, where the file does not say it.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command(epilog=example("tidings settings show --tenant pantry --yaml"))
def show(
    tenant: Annotated[str, typer.Option(help="The tenant whose settings they are.")],
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print a file to edit, for diff and apply.")] = False,
    as_json: Json = False,
    version: Annotated[int | None, typer.Option(min=1, help="An older version, as messages name theirs.")] = None,
) -> None:
    """Show all settings in force, with their version, and which of them are defaults.

    Secrets are masked, except in the file of `--yaml`, and older versions have none. Exit status 1 when the tenant or
    the version is not known.
    """
    from tidings.cli.failures import fail
    from tidings.tenant_settings.settings_file import SettingsFile, write_settings_file

    known = _standing(tenant) if version is None else _version(tenant, version)
    if known is None and version is not None:
        raise fail(f"There is no version {version} of tenant {tenant}'s settings.")
    if known is None:
        raise fail(f"Tenant {tenant} has no settings. `tidings settings apply` gives it some, from version 0 on.")
    if as_yaml:
        file = SettingsFile(tenant=tenant, version=known.version, settings=known.document)
        typer.echo(write_settings_file(file), nl=False)
    else:
        _print_settings(known, as_json)


@app.command(epilog=example("tidings settings diff pantry.yaml"))
def diff(file: File, tenant: Whose = None, as_json: Json = False) -> None:
    """Say what a file would change of the settings that stand.

    Exit status 1 when it would change something, 2 when it is not valid.
    """
    from tidings.tenant_settings.difference import changes

    wanted, known = _read(file, tenant, as_json)
    found = changes(known.document if known else {}, wanted.settings)
    version = known.version if known else 0
    if as_json:
        _print_json(tenant=wanted.tenant, base_version=wanted.version, version=version, changes=_plain(found))
    else:
        _print_changes(found)
        if wanted.version != version:
            typer.echo(f"The file was made from version {wanted.version}; version {version} stands now.", err=True)
    raise typer.Exit(1 if found else 0)


@app.command(epilog=example("tidings settings apply pantry.yaml --by s1"))
def apply(
    file: File,
    tenant: Whose = None,
    by: Annotated[str | None, typer.Option(metavar="ID", help="The member of staff who does it.")] = None,
    wait_seconds: Annotated[float, typer.Option(min=1, help="How long to wait for the new version.")] = 30.0,
    as_json: Json = False,
) -> None:
    """Put the settings of a file in force as the next version, and wait until it stands.

    Nothing is written when something in the file is not valid, each fault being named, or when another version stands
    than the one that it was made from. Settings alone, or rules alone, name none: they replace whatever stands of them.
    Exit status 1 when the file is stale or no version came, 2 when it is not valid.
    """
    import asyncio

    from tidings.cli.failures import fail
    from tidings.cli.installation import installed
    from tidings.tenant_settings.difference import changes
    from tidings.tenant_settings.standing import apply as put_in_force

    wanted, known = _read(file, tenant, as_json)
    version = known.version if known else 0
    found = changes(known.document if known else {}, wanted.settings)
    if found and wanted.version != version:
        raise fail(_stale(wanted, version))
    if found:
        applied = asyncio.run(put_in_force(installed().kafka, wanted, known, by, wait_seconds))
        _require_ours(applied, wanted, wait_seconds)
        version = version + 1
    if as_json:
        _print_json(tenant=wanted.tenant, version=version, changes=_plain(found))
        return
    _print_changes(found)
    typer.echo(f"Version {version} of {wanted.tenant}'s settings {'is in force' if found else 'stays in force'}.")


def _require_ours(applied: "Applied", wanted: "SettingsFile", wait_seconds: float) -> None:
    from tidings.cli.failures import fail

    if applied.faults:
        raise fail("\n".join(f"Refused by the worker: {fault}." for fault in applied.faults))
    if applied.standing is None:
        raise fail(
            f"No new version came within {wait_seconds:g} s. The change is on topic events as {applied.event_id}, and "
            "takes effect when a worker reads it: `tidings doctor` shows whether one does."
        )
    if not applied.is_ours:
        other = applied.standing
        came = f"event {other.event_id} made version {other.version}"
        raise fail(f"Somebody else's change came first: {came}. {_stale(wanted, other.version)}")


def _stale(wanted: "SettingsFile", version: int) -> str:
    return (
        f"The file was made from version {wanted.version} of {wanted.tenant}'s settings, and version {version} stands: "
        f"`tidings settings diff` shows in what they differ. Make a new file with "
        f"`tidings settings show --tenant {wanted.tenant} --yaml`."
    )


def _read(path: Path, tenant: str | None, as_json: bool) -> "tuple[SettingsFile, TenantSettings | None]":
    """The file, checked as a whole just as a worker will, and what stands; rules alone are put over that."""
    from tidings.cli.failures import INVALID
    from tidings.cli.output import print_json
    from tidings.cli.rules import one_tenant, told
    from tidings.tenant_settings.draft import BadDraft, read_draft
    from tidings.tenant_settings.settings_file import SettingsFile

    try:
        draft = read_draft(path)
        if not draft.is_rules:
            draft.checked(draft.over({}))
        whose = one_tenant(draft.tenant, tenant)
        known = _standing(whose)
        document = draft.over(known.document if known and draft.is_rules else {})
        draft.checked(document)
    except BadDraft as bad:
        faults = told(path, bad, aloud=not as_json)
        if as_json:
            print_json({"errors": faults})
        raise typer.Exit(INVALID) from None
    stands = known.version if known else 0
    version = stands if draft.version is None else draft.version
    return SettingsFile(tenant=whose, version=version, settings=document), known


def _standing(tenant: str) -> "TenantSettings | None":
    import asyncio

    from tidings.cli.installation import installed
    from tidings.tenant_settings.standing import standing

    return asyncio.run(standing(installed().kafka, tenant))


def _version(tenant: str, version: int) -> "TenantSettings | None":
    import asyncio

    from tidings.cli.installation import installed
    from tidings.tenant_settings.standing import version_of

    return asyncio.run(version_of(installed().kafka, tenant, version))


def _print_settings(known: "TenantSettings", as_json: bool) -> None:
    from rich.markup import escape

    from schemas.clock import rfc3339
    from schemas.faults import Refused
    from tidings.cli.failures import fail
    from tidings.cli.output import console, table
    from tidings.tenant_settings.in_force import settings_in_force

    try:
        found = settings_in_force(known.document)
    except Refused as refused:
        raise fail(
            f"This version of Tidings refuses version {known.version} of {known.tenant}'s settings, and events wait: "
            f"{'; '.join(map(str, refused.faults))}. --yaml writes them into a file, to be mended and applied."
        ) from None
    if as_json:
        _print_json(
            tenant=known.tenant,
            version=known.version,
            changed_at=rfc3339(known.changed_at),
            event_id=known.event_id,
            settings=[{"path": each.path, "value": each.value, "default": each.is_default} for each in found],
        )
        return
    head = f"{known.tenant}, version {known.version}, since {rfc3339(known.changed_at)} by event {known.event_id}"
    typer.echo(typer.style(head, bold=True))
    shown = table("setting", "value", "")
    for each in found:
        shown.add_row(escape(each.path), escape(_shown(each.value)), "default" if each.is_default else "")
    console().print(shown)


def _print_changes(found: "Sequence[Change]") -> None:
    from tidings.tenant_settings.in_force import masked

    for each in found:
        before, after = (_shown(masked(each.path, value)) for value in (each.before, each.after))
        match each.what:
            case "added":
                typer.secho(f"+ {each.path}: {after}", fg="green")
            case "removed":
                typer.secho(f"- {each.path}: {before}", fg="red")
            case _:
                typer.secho(f"~ {each.path}: {before} → {after}", fg="yellow")
    if not found:
        typer.echo("Nothing differs.")


def _plain(found: "Sequence[Change]") -> list[dict[str, object]]:
    from tidings.tenant_settings.in_force import masked

    return [
        {"path": each.path, "what": each.what}
        | {
            name: masked(each.path, value)
            for name, value in (("before", each.before), ("after", each.after))
            if value is not None
        }
        for each in found
    ]


def _shown(value: object) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _print_json(**values: object) -> None:
    from tidings.cli.output import print_json

    print_json(values)
