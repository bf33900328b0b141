"""`tidings up`: everything that one installation needs, in one go."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection, Coroutine, Sequence

    from schemas.words import Channel
    from tidings.config import Installation
    from tidings.supervision import Child, OnLine

_COLOURS = ("cyan", "green", "magenta", "yellow", "blue")


def up(
    http_port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65000, metavar="PORT", help="Serve health and metrics on this port and those after it, one each."
        ),
    ] = None,
) -> None:
    """Run topics, ticker, the stages and the gateways until Ctrl-C, and the local Kafka if none answers.

    Mail goes to the mail server. Texts, calls, letters and webhooks go to the sandbox, which reaches nobody.
    A process that ends is started again. A broker that was started here is stopped at the end; its data stays.
    """
    import asyncio

    from tidings.cli.broker import broker_home, started
    from tidings.cli.failures import fail
    from tidings.config import load
    from tidings.supervision import StartedInVain

    installation = load()
    servers = installation.kafka.bootstrap_servers
    typer.echo(f"Starting Tidings on the Kafka at {servers}. It runs once each part says that it is ready.", err=True)
    ours = False
    if installation.kafka.is_local_default and not _answers(servers):
        ours = not started(installation).was_running
    try:
        asyncio.run(_run(installation, http_port or installation.worker.http_port))
    except StartedInVain as error:
        raise fail(f"{error}.") from None
    finally:
        if ours:
            from deploy.local_kafka import stop

            stop(broker_home(installation))
    typer.echo("All has ended.", err=True)


async def _run(installation: "Installation", http_port: int | None) -> None:
    import asyncio
    import os

    from tidings.supervision import supervise

    stop = asyncio.Event()
    stop_on_signals(stop)
    await _unless_told(stop, make_topics(installation))
    if stop.is_set():
        return
    _warn_without_mail_server(installation)
    _say_what_reaches_nobody(installation)
    children = everything(installation.sandbox.channels, http_port, page=installation.unsubscribe.url is not None)
    typer.echo(f"Running {', '.join(child.name for child in children)}. Ctrl-C ends them.", err=True)
    if http_port is not None:
        served = ", ".join(f"{child.name} {port}" for port, child in enumerate(children, http_port))
        typer.echo(f"Health and metrics at {installation.worker.http_host}: {served}.", err=True)
    await supervise(children, environment=os.environ, on_line=_prefixed(children), stop=stop)


def everything(
    sandbox: "Collection[Channel]", http_port: int | None = None, *, page: bool = False
) -> "tuple[Child, ...]":
    """The processes of an installation; stages in one process would start one after the other.

    Channels of the sandbox have no other gateway; `page` is that of unsubscribe links. With a port, each is
    told one of its own, from that one on.
    """
    from schemas.words import Channel
    from streams.topology import TOPOLOGY
    from tidings.supervision import tidings_child

    workers = ((stage.name, "worker", stage.name) for stage in TOPOLOGY)
    gateways = [] if Channel.EMAIL in sandbox else [("email", "gateway", "email")]
    if sandbox:
        gateways.append(("sandbox", "gateway", "sandbox"))
    if page:
        gateways.append(("unsubscribe", "gateway", "unsubscribe"))
    commands = (("ticker", "ticker"), *workers, *gateways)
    return tuple(
        tidings_child(*command, *(() if http_port is None else ("--http-port", str(http_port + number))))
        for number, command in enumerate(commands)
    )


async def _unless_told(stop: "asyncio.Event", work: "Coroutine[None, None, None]") -> None:
    """Have this done, or leave it when told to stop: a broker that went away would be waited for."""
    import asyncio

    working, told = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    await asyncio.wait({working, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not working.done():
        working.cancel()
        await asyncio.wait({working})
        return
    await working


async def make_topics(installation: "Installation") -> None:
    """Make the topics as they have to be; what has to be done by hand stops everything."""
    from streams.topics_admin import apply
    from tidings.cli.failures import fail

    left = await apply(installation)
    if left:
        raise fail("\n".join(f"{each}." for each in left) + "\nNothing was started.")


def stop_on_signals(stop: "asyncio.Event") -> None:
    """Ctrl-C and SIGTERM set the event."""
    import asyncio
    import signal

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)


def _prefixed(children: "Sequence[Child]") -> "OnLine":
    width = max(len(child.name) for child in children)
    colours = {child.name: _COLOURS[number % len(_COLOURS)] for number, child in enumerate(children)}

    def show(name: str, line: str) -> None:
        typer.echo(f"{typer.style(name.ljust(width), fg=colours[name])} │ {line}")

    return show


def _warn_without_mail_server(installation: "Installation") -> None:
    smtp = installation.smtp
    if not _answers(f"{smtp.host}:{smtp.port}"):
        typer.echo(
            f"No mail server answers at {smtp.host}:{smtp.port}; mail waits until one does. "
            "`tidings mailbox` runs one that shows mail on a web page; TIDINGS_SMTP__HOST names another.",
            err=True,
        )


def _say_what_reaches_nobody(installation: "Installation") -> None:
    channels = installation.sandbox.channels
    if channels:
        typer.echo(
            f"The sandbox takes {', '.join(channels)}: nobody gets these messages, and they are reported as delivered, "
            "or as TIDINGS_SANDBOX__OUTCOMES says. TIDINGS_SANDBOX__CHANNELS says which it takes.",
            err=True,
        )


def _answers(address: str) -> bool:
    import socket

    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True
