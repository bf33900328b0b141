"""`tidings preview`: what a kind or rule would say to an event, word for word, without sending it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schemas.decision import Decision
    from tidings.preview import Happened, Preview, Setting, Sheet
    from tidings.tenant_settings.draft import Draft


def preview(
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND|rule:ID]", help="Whose message; of a real event, left out: all.")
    ] = None,
    settings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The tenant's settings or rules as they would be, as YAML.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Take settings, people and consents from this tenant.")] = None,
    event: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The event, as JSON; of several, the last, after the others.")
    ] = None,
    event_id: Annotated[str | None, typer.Option(metavar="ID", help="The event of --tenant that has this id.")] = None,
    version: Annotated[
        int | None, typer.Option("--settings-version", min=1, help="Take this version of --tenant's settings.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="Only on this channel.")] = None,
    write: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each part into a file there: text, HTML, the whole mail.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the messages as one JSON object.")] = False,
) -> None:
    """Show subject, text, HTML, segments and price of a message exactly as they would leave, on an example or an event.

    Without --tenant, an example tenant with everything on, in which the keys of the file at its top stand instead.
    Exit status 1 when there is no message to show.
    """
    from tidings.cli.failures import INVALID
    from tidings.cli.rules import say
    from tidings.tenant_settings.draft import BadDraft, read_draft

    _require_one_question(kind, tenant, event, event_id, version)
    try:
        file = read_draft(settings) if settings is not None else None
        setting = _setting(file, tenant, version)
        events = _events(setting, kind, event, event_id, channel)
    except BadDraft as bad:
        say(settings or Path(), bad)
        raise typer.Exit(INVALID) from None
    _tell(setting, events, kind, channel, write, as_json=as_json)


def _require_one_question(
    kind: str | None, tenant: str | None, event: Path | None, event_id: str | None, version: int | None
) -> None:
    from tidings.cli.failures import INVALID, fail

    if kind is None and event is None and event_id is None:
        raise fail("Name a kind or rule:ID, or an event with --event or --event-id.", INVALID)
    if event is not None and event_id is not None:
        raise fail("Give one event: --event or --event-id.", INVALID)
    if event_id is not None and tenant is None:
        raise fail("--event-id needs --tenant.", INVALID)
    if version is not None and tenant is None:
        raise fail("--settings-version needs --tenant.", INVALID)


def _tell(
    setting: "Setting",
    events: "Sequence[Happened]",
    kind: str | None,
    channel: str | None,
    write: Path | None,
    *,
    as_json: bool,
) -> None:
    from schemas.words import Channel
    from tidings.cli.failures import INVALID, fail
    from tidings.cli.output import print_json
    from tidings.preview import preview as previewed
    from tidings.preview_files import as_read, files_of, links_for

    if channel is not None and channel not in set(Channel):
        raise fail(f"There is no channel {channel!r}; there are {', '.join(Channel)}.", INVALID)
    found = previewed(setting, events, kind, Channel(channel) if channel else None)
    links = links_for(found)
    if write is not None:
        _write(write, files_of(found, links))
    found = as_read(found, links)
    if as_json:
        print_json(_plain(found))
    else:
        for sheet in found.sheets:
            _print(sheet)
        for silence in found.silences:
            typer.echo(_silence(silence), err=True)
    if not found.sheets:
        typer.echo("No message comes of it.", err=True)
    raise typer.Exit(0 if any(sheet.message for sheet in found.sheets) else 1)


def _setting(file: "Draft | None", tenant: str | None, version: int | None) -> "Setting":
    """The tenant as it is, or the example; changed by the file."""
    from dataclasses import replace

    from tidings.example import example_setting

    setting = example_setting() if tenant is None else _real(tenant, version)
    if file is None:
        return setting
    document = setting.settings.document
    changed = _changed(document, file, is_example=tenant is None)
    file.checked(changed)
    return replace(setting, settings=replace(setting.settings, document=changed))


def _changed(document: "Mapping[str, object]", file: "Draft", *, is_example: bool) -> "Mapping[str, object]":
    """What a tenant's whole file says stands alone; other files change the tenant, or stand before the example."""
    if file.tenant is not None:
        return file.document
    return {**document, **file.over({})} if is_example else file.over(document)


def _real(tenant: str, version: int | None) -> "Setting":
    import asyncio
    from dataclasses import replace

    from tidings.cli.failures import FAILED, fail
    from tidings.cli.installation import installed
    from tidings.past import setting_now
    from tidings.tenant_settings.standing import version_of

    setting = asyncio.run(setting_now(installed().kafka, tenant))
    if setting is None:
        raise fail(f"Tenant {tenant} has no settings.", FAILED)
    if version is None:
        return setting
    older = asyncio.run(version_of(installed().kafka, tenant, version))
    if older is None:
        raise fail(f"There is no version {version} of tenant {tenant}'s settings.", FAILED)
    return replace(setting, settings=older)


def _events(
    setting: "Setting", kind: str | None, file: Path | None, event_id: str | None, channel: str | None
) -> "Sequence[Happened]":
    import asyncio

    from processors.settings import typed
    from tidings.cli.failures import FAILED, fail
    from tidings.cli.installation import installed
    from tidings.example import example_events
    from tidings.past import events_up_to
    from tidings.preview import Happened

    tenant = setting.settings.tenant
    if event_id is not None:
        found = asyncio.run(events_up_to(installed().kafka, tenant, event_id))
        if not found:
            raise fail(f"Tenant {tenant} has no event {event_id} in the log.", FAILED)
        return found
    if file is not None:
        return _of_file(file, tenant)
    settings = typed(setting.settings).settings
    return [Happened(event=each, at=each.time) for each in example_events(kind or "", settings, tenant, channel)]


def _of_file(file: Path, tenant: str) -> "Sequence[Happened]":
    """Events of a file happen at the tenant that the preview is made for, whatever tenant they name."""
    from dataclasses import replace

    from tidings.cli.failures import INVALID, fail
    from tidings.cli.publish import text_of
    from tidings.events_text import events_in
    from tidings.preview import Happened

    found = list(events_in(text_of(str(file))))
    faults = [f"{file}: {each.name}: {fault}." for each in found for fault in each.faults]
    if faults:
        raise fail("\n".join(faults), INVALID)
    if not found:
        raise fail(f"There is no event in {file}.", INVALID)
    events = [replace(each.event, tenant=tenant) for each in found if each.event is not None]
    return [Happened(event=event, at=event.time) for event in sorted(events, key=lambda event: event.time)]


def _print(sheet: "Sheet") -> None:
    from schemas.clock import rfc3339
    from tidings.plain_reasons import because

    message = sheet.message
    to = f" to {sheet.to}" if sheet.to else ""
    typer.echo(typer.style(f"{sheet.kind} by {sheet.channel}{to}, {rfc3339(sheet.at)}", bold=True))
    if sheet.stop is not None:
        word = "It would wait" if sheet.stop.held_until else "It would not leave"
        typer.echo(typer.style(f"{word}: {because(sheet.stop.reason).why} ({sheet.stop.reason}).", fg="yellow"))
        for name, value in sheet.stop.facts.items():
            typer.echo(f"  {name}: {value}")
    if message is None:
        typer.echo("")
        return
    if message.subject is not None:
        typer.echo(f"Subject: {message.subject}")
    typer.echo(f"{'Spoken' if sheet.channel == 'voice' else 'Text'}:\n{message.text}")
    if message.html is not None:
        typer.echo(f"HTML: {len(message.html):,} characters; --write DIR writes it into a file.")
    if message.attachments:
        typer.echo(f"Attached: {', '.join(file.name for file in message.attachments)}")
    if message.charge is not None and message.charge.unit == "sheet":
        typer.echo(f"Sheets: {message.charge.units}")
    if message.segments is not None:
        typer.echo(f"Segments: {message.segments} ({message.encoding})")
    if message.rewritten:
        typer.echo(f"Rewritten: {' '.join(message.rewritten)}")
    price = f"{message.charge.amount} {message.charge.currency}" if message.charge else "none"
    typer.echo(f"Price: {price}")
    typer.echo(f"Template: {message.template_version}, settings version {message.settings_version}\n")


def _silence(silence: "Decision") -> str:
    from tidings.plain_reasons import because

    cause = because(silence.reason or "", silence.channel, silence.facts)
    what = f"{silence.kind or 'No kind'}{f' by {silence.channel}' if silence.channel else ''}"
    return f"{what}: nothing is said, because {cause.why} ({silence.reason})."


def _write(folder: Path, files: "Mapping[str, bytes]") -> None:
    from tidings.cli.failures import FAILED, fail

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
            typer.echo(f"Wrote {folder / name}.", err=True)
    except OSError as error:
        raise fail(f"{folder} cannot be written: {error.strerror}.", FAILED) from None


def _plain(found: "Preview") -> dict[str, Any]:
    from schemas.validation import to_plain

    return {
        "messages": [
            {
                "kind": sheet.kind,
                "channel": sheet.channel,
                "stopped_by": sheet.stop.reason if sheet.stop else None,
                "message": to_plain(sheet.message) if sheet.message else None,
            }
            for sheet in found.sheets
        ],
        "silences": [to_plain(each) for each in found.silences],
    }
