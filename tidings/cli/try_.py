"""`tidings try`: a candidate file of settings over what happened lately, and how the messages would differ."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tidings.tenant_settings.draft import Draft
    from tidings.trial import Difference, Trial
    from tidings.trial_window import Window

_SIGNS = {"added": "+", "removed": "-", "moved": ">", "changed": "~"}
_SHOWN = 1_000


def try_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The tenant's settings as they would be, as YAML.")],
    tenant: Annotated[
        str | None, typer.Option(help="The tenant whose settings they would be, where the file does not say it.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=90, help="How many days back to look.")] = 7,
    ahead: Annotated[int, typer.Option(min=0, max=400, help="And how many days on, for what is due later.")] = 30,
    most: Annotated[
        int, typer.Option("--events", min=1, max=200_000, help="At most so many events, the newest.")
    ] = 20_000,
    patch: Annotated[
        bool, typer.Option("--patch", help="The file is a change of the settings in force, as settings.changed has it.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the difference as one JSON object.")] = False,
) -> None:
    """Run the events of the last days under the settings in force and under those of a file, in memory.

    Nothing is sent and nothing is written. People and consents are taken as they are now. Exit status 0 when the
    messages are the same, 1 when they differ, 2 when the file is not valid.
    """
    from datetime import UTC, datetime, timedelta

    from tidings.cli.failures import INVALID
    from tidings.cli.rules import say
    from tidings.progress import counted
    from tidings.tenant_settings.draft import BadDraft
    from tidings.trial import try_out

    now = datetime.now(UTC)
    try:
        window, document = _read(file, tenant, now - timedelta(days=days), now, most, is_patch=patch)
    except BadDraft as bad:
        say(file, bad)
        raise typer.Exit(INVALID) from None
    events = counted("Trying events", window.events)
    trial = try_out(window.setting, window.candidate(document), events, now + timedelta(days=ahead))
    (_print_json if as_json else _print)(window, trial)
    raise typer.Exit(1 if trial.differences else 0)


def _read(
    file: Path, tenant: str | None, since: "datetime", now: "datetime", most: int, *, is_patch: bool
) -> "tuple[Window, Mapping[str, object]]":
    """The window and the settings as they would be; a file that stands alone is looked at before the broker is."""
    from tidings.cli.rules import one_tenant
    from tidings.tenant_settings.draft import read_draft

    draft = read_draft(file)
    if not is_patch and not draft.is_rules:
        draft.checked()
    window = _window(one_tenant(draft.tenant, tenant), draft, since, now, most)
    in_force = window.setting.settings.document
    document = draft.over(in_force if is_patch or draft.is_rules else {})
    draft.checked(document)
    return window, document


def _window(tenant: str, draft: "Draft", since: "datetime", now: "datetime", most: int) -> "Window":
    import asyncio

    from tidings.cli.failures import FAILED, fail
    from tidings.cli.installation import installed
    from tidings.trial_window import read_window

    window = asyncio.run(read_window(installed().kafka, tenant, since, now, most, draft.document))
    if window is None:
        raise fail(f"Tenant {tenant} has no settings.", FAILED)
    return window


def _print(window: "Window", trial: "Trial") -> None:
    from collections import Counter

    typer.echo(window.sentence)
    for each in trial.differences[:_SHOWN]:
        _print_one(each)
    if len(trial.differences) > _SHOWN:
        typer.echo(f"… and {len(trial.differences) - _SHOWN:,} more; --json lists all.")
    counts = Counter(each.change.value for each in trial.differences)
    told = ", ".join(f"{counts[change]:,} {change}" for change in _SIGNS)
    typer.echo(f"{told}; {trial.alike:,} the same.")
    more = trial.price_after - trial.price_before
    currency = window.currency
    typer.echo(f"Price: {trial.price_before} {currency} → {trial.price_after} {currency} ({more:+}).")


def _print_one(each: "Difference") -> None:
    from schemas.clock import rfc3339

    line = each.shown
    said = f"{line.kind}  {line.channel}  {line.to}  {line.says!r}"
    head = f"{_SIGNS[each.change]} {each.change:8}{rfc3339(line.at)}  {said}"
    details = [f"{each.price:+}"] if each.price else []
    if each.before and each.after and each.before.at != each.after.at:
        details.append(f"was {rfc3339(each.before.at)}")
    if each.parts:
        details.append(f"other {', '.join(part.rstrip('_') for part in each.parts)}")
    typer.echo(head + (f"  ({'; '.join(details)})" if details else ""))


def _print_json(window: "Window", trial: "Trial") -> None:
    from tidings.cli.output import print_json

    print_json(
        {
            "tenant": window.setting.settings.tenant,
            "settings_version": window.setting.settings.version,
            "since": window.since.isoformat(),
            "until": window.until.isoformat(),
            "events": len(window.events),
            "left_out": window.left_out,
            "alike": trial.alike,
            "price_before": str(trial.price_before),
            "price_after": str(trial.price_after),
            "currency": window.currency,
            "differences": [_plain(each) for each in trial.differences],
        }
    )


def _plain(each: "Difference") -> dict[str, Any]:
    line = each.shown
    return {
        "change": each.change.value,
        "message_id": line.message_id,
        "kind": line.kind,
        "channel": line.channel,
        "to": line.to,
        "says": line.says,
        "at": each.after.at.isoformat() if each.after else None,
        "was_at": each.before.at.isoformat() if each.before else None,
        "price": str(each.price),
        "parts": [part.rstrip("_") for part in each.parts],
    }
