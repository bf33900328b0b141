"""`tidings broker`: a Kafka for this machine alone."""

from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.output import example

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.local_kafka import BrokerSettings, RunningBroker
    from tidings.config import Installation

app = typer.Typer(no_args_is_help=True, help="Start, stop or look at a Kafka on this machine (no Docker, no Java).")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command(epilog=example("tidings broker start"))
def start(as_json: Json = False) -> None:
    """Start the local Kafka and wait until it serves; its data is kept between runs."""
    from tidings.cli.output import print_json
    from tidings.config import load

    running = started(load())
    if as_json:
        print_json({"bootstrap_servers": running.bootstrap_servers, "pid": running.pid, "home": str(running.home)})
    else:
        again = "was running already" if running.was_running else "is running"
        typer.echo(f"Kafka {again} at {running.bootstrap_servers} (process {running.pid}, {running.home}).")


@app.command(epilog=example("tidings broker stop"))
def stop() -> None:
    """Stop the local Kafka; its data stays."""
    from deploy.local_kafka import stop as stop_broker
    from tidings.config import load

    was_running = stop_broker(broker_home(load()))
    typer.echo("Kafka is stopped." if was_running else "Kafka was not running.")


@app.command(epilog=example("tidings broker status"))
def status(as_json: Json = False) -> None:
    """Say whether the local Kafka runs; exit status 1 when it does not serve."""
    from deploy.local_kafka import status as broker_status
    from tidings.cli.output import print_json
    from tidings.config import load

    found = broker_status(broker_home(load()))
    running = found.running
    if as_json:
        servers = running.bootstrap_servers if running else None
        pid = running.pid if running else None
        print_json({"serving": found.is_serving, "bootstrap_servers": servers, "pid": pid, "home": str(found.home)})
    elif running is None:
        typer.echo(f"Kafka is not running. `tidings broker start` starts it in {found.home}.")
    else:
        answers = "serves" if found.is_serving else "runs but does not answer"
        typer.echo(f"Kafka {answers} at {running.bootstrap_servers} (process {running.pid}, {found.home}).")
    raise typer.Exit(0 if found.is_serving else 1)


def broker_home(installation: "Installation") -> "Path":
    """Where the local broker of this installation lives."""
    return installation.home / "kafka"


def started(installation: "Installation", settings: "BrokerSettings | None" = None) -> "RunningBroker":
    """Start the local broker, showing on standard error what takes long; into a pipe goes a line for all of it."""
    from deploy.local_kafka import BrokerSettings, Progress
    from deploy.local_kafka import start as start_broker
    from tidings.cli.output import console

    settings = settings or BrokerSettings(port=_local_port(installation))
    screen = console(stderr=True)
    if not screen.is_terminal:
        screen.print("Starting Kafka; the first time, it is downloaded.")
    with screen.status("Starting Kafka") as shown:

        def on_progress(progress: Progress) -> None:
            share = f" {progress.done * 100 // progress.total} %" if progress.total else ""
            shown.update(progress.sentence + share)

        return start_broker(broker_home(installation), settings, on_progress=on_progress)


def _local_port(installation: "Installation") -> int:
    """The port of the bootstrap servers, when they are one address on loopback; anything else is not ours to start."""
    from tidings.cli.failures import INVALID, fail

    host, _, port = installation.kafka.bootstrap_servers.rpartition(":")
    if host not in ("127.0.0.1", "localhost") or not port.isdecimal():
        servers = installation.kafka.bootstrap_servers
        raise fail(f"The broker of this installation is {servers}, which is not on this machine's loopback.", INVALID)
    return int(port)
