"""All commands in the order in which somebody meets them."""

import logging
import os
from typing import Annotated

import typer

from tidings.cli import (
    audit,
    broker,
    dead_letters,
    demo,
    doctor,
    doubt,
    gateway,
    invoice,
    mailbox,
    preview,
    publish,
    receive,
    rehearse,
    rules,
    settings,
    tail,
    topics,
    try_,
    up,
    why,
    worker,
)
from tidings.cli.failures import Commands
from tidings.cli.output import example

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Turns what happens in a business into messages to people, once, and with a reason for every silence.",
)

_RUN, _SEE, _EXPLAIN = "Run", "Say and see", "Ask"

app.command(rich_help_panel=_RUN, epilog=example("tidings demo --until-done"))(demo.demo)
app.command(rich_help_panel=_RUN, epilog=example("tidings up --http-port 9100"))(up.up)
app.add_typer(broker.app, name="broker", rich_help_panel=_RUN)
app.add_typer(topics.app, name="topics", rich_help_panel=_RUN)
app.command(rich_help_panel=_RUN, epilog=example("tidings worker decide dispatch credit settle"))(worker.worker)
app.add_typer(gateway.app, name="gateway", rich_help_panel=_RUN)
app.command(rich_help_panel=_RUN, epilog=example("tidings ticker --http-port 9101"))(worker.ticker)
app.command(rich_help_panel=_RUN, epilog=example("tidings mailbox --smtp-port 1025 --web-port 8025"))(mailbox.mailbox)
app.command(rich_help_panel=_SEE, epilog=example("tidings publish order.json"))(publish.publish)
app.command(rich_help_panel=_SEE, epilog=example("tidings receive --tenant pantry ~/Maildir"))(receive.receive)
app.command(rich_help_panel=_SEE, epilog=example("tidings tail decisions --from-beginning -n 20"))(tail.tail)
app.add_typer(settings.app, name="settings", rich_help_panel=_SEE)
app.add_typer(dead_letters.app, name="dead-letters", rich_help_panel=_SEE)
app.add_typer(doubt.app, name="doubt", rich_help_panel=_SEE)
app.command(rich_help_panel=_EXPLAIN, epilog=example("tidings why --tenant pantry --event order-1"))(why.why)
app.command(rich_help_panel=_EXPLAIN, epilog=example("tidings invoice --tenant pantry --period 2026-04"))(
    invoice.invoice
)
app.command(rich_help_panel=_EXPLAIN, epilog=example("tidings audit --settle-seconds 300"))(audit.audit)
app.command(rich_help_panel=_EXPLAIN, epilog=example("tidings preview document --settings pantry.yaml"))(
    preview.preview
)
app.add_typer(rules.app, name="rules", rich_help_panel=_EXPLAIN)
app.command("try", rich_help_panel=_EXPLAIN, epilog=example("tidings try pantry.yaml --days 14"))(try_.try_)
app.command(rich_help_panel=_EXPLAIN, epilog=example("tidings rehearse reminder.yaml"))(rehearse.rehearse)
app.command(rich_help_panel=_EXPLAIN, epilog=example("tidings doctor"))(doctor.doctor)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"tidings {version('tidings')}")
        raise typer.Exit


@app.callback()
def options(
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="A TOML file with settings; TIDINGS_… variables win over it.")
    ] = None,
    home: Annotated[
        str | None, typer.Option(metavar="DIR", help="Where broker data, worker state and ledgers are kept.")
    ] = None,
    bootstrap_servers: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="The Kafka broker, where it is not the local one.")
    ] = None,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Options win over variables; they become variables, so that child processes have them too."""
    # Clients log each of their retries; a command says in a sentence what came of it. Workers set up their own log.
    logging.getLogger().addHandler(logging.NullHandler())
    given = {
        "TIDINGS_CONFIG": config,
        "TIDINGS_HOME": home,
        "TIDINGS_KAFKA__BOOTSTRAP_SERVERS": bootstrap_servers,
    }
    os.environ.update({name: value for name, value in given.items() if value is not None})
