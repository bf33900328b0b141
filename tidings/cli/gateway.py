"""`tidings gateway email`, `tidings gateway sandbox`: one long-running process each, between commands and statuses."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.words import Channel
from tidings.cli.output import example
from tidings.cli.worker import HttpPort, Leashed, begin, needing_a_broker

if TYPE_CHECKING:
    from gateways.outcomes import Plan

app = typer.Typer(
    no_args_is_help=True, help="Hand the messages of a channel to its provider and report what came of them."
)


@app.command(epilog=example("tidings gateway email --http-port 9102"))
def email(http_port: HttpPort = None, leashed: Leashed = False) -> None:
    """Hand mail to the mail server."""
    from gateways.worker import run

    raise typer.Exit(run(begin(leashed, http_port), "email"))


@app.command(epilog=example("tidings gateway unsubscribe"))
def unsubscribe(http_port: HttpPort = None, leashed: Leashed = False) -> None:
    """Serve the page behind unsubscribe links; a click becomes the event `unsubscribe.clicked`."""
    import asyncio
    import os

    from gateways.unsubscribe.server import run
    from tidings.cli.failures import fail
    from tidings.health import Health
    from tidings.health_endpoint import PortTaken, health_endpoint

    installation = begin(leashed, http_port)
    try:
        health = Health()
        with needing_a_broker(installation), health_endpoint(installation.worker, health):
            asyncio.run(run(installation, health, lambda address: typer.echo(f"Clicks are taken at {address}.")))
    except PermissionError as error:
        raise fail(f"The page ends: {error}.", os.EX_CONFIG) from None
    except PortTaken as error:
        raise fail(f"{error}.", os.EX_UNAVAILABLE) from None


@app.command(epilog=example("tidings gateway sandbox --channel sms --channel voice"))
def sandbox(
    channel: Annotated[
        list[Channel] | None,
        typer.Option(
            metavar="CHANNEL",
            help="A channel to take; repeat it for several. Without, those of TIDINGS_SANDBOX__CHANNELS.",
        ),
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN=ANSWER",
            help="What becomes of messages to such addresses, before the file: '+1202555*=failed:30003'. Repeatable.",
        ),
    ] = None,
    outcomes: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A TOML file of outcomes; wins over TIDINGS_SANDBOX__OUTCOMES.")
    ] = None,
    latency_seconds: Annotated[
        float | None, typer.Option(min=0, help="How long each answer takes; wins over the file.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="What shares are drawn from; wins over the file.")] = None,
    http_port: HttpPort = None,
    leashed: Leashed = False,
) -> None:
    """Take messages that nobody shall get, and report what the plan says: without one, that all were delivered.

    It keeps the ledgers of its channels, so a real gateway that takes its place sends nothing again.
    """
    from gateways.outcomes import read_plan
    from gateways.worker import run_sandbox
    from tidings.cli.failures import INVALID, fail

    installation = begin(leashed, http_port)
    channels = tuple(dict.fromkeys(channel or installation.sandbox.channels))
    if not channels:
        raise fail("No channel is named: give --channel, or TIDINGS_SANDBOX__CHANNELS.", INVALID)
    plan = _overridden(read_plan(outcomes or installation.sandbox.outcomes), answer or [], latency_seconds, seed)
    raise typer.Exit(run_sandbox(installation, channels, plan))


def _overridden(plan: "Plan", answers: list[str], latency_seconds: float | None, seed: int | None) -> "Plan":
    from dataclasses import replace

    from gateways.outcomes import outcome_of

    plan = plan.before(outcome_of(each) for each in answers)
    if latency_seconds is not None:
        plan = replace(plan, latency_seconds=latency_seconds)
    return plan if seed is None else replace(plan, seed=seed)
