"""`tidings worker`, `tidings ticker`: one long-running process each."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidings.config import Installation

HttpPort = Annotated[
    int | None,
    typer.Option(
        min=1, max=65535, metavar="PORT", help="Serve /metrics, /healthz and /readyz here; wins over settings."
    ),
]
Leashed = Annotated[bool, typer.Option("--leashed", hidden=True, help="End when standard input does.")]


def worker(
    stages: Annotated[list[str], typer.Argument(help="decide, dispatch, credit, settle; several share one core.")],
    ready_descriptor: Annotated[
        int | None, typer.Option(min=3, hidden=True, help="A file descriptor that is told `ready`.")
    ] = None,
    http_port: HttpPort = None,
    leashed: Leashed = False,
) -> None:
    """Perform stages, in the order in which a message travels: decide, dispatch, credit, settle."""
    from streams.topology import TOPOLOGY
    from streams.worker import serve
    from tidings.cli.failures import INVALID, fail

    known = [stage.name for stage in TOPOLOGY]
    for name in stages:
        if name not in known:
            raise fail(f"There is no stage {name!r}; there are {', '.join(known)}.", INVALID)
    installation = begin(leashed, http_port)
    serve([stage for stage in TOPOLOGY if stage.name in stages], installation, ready_descriptor=ready_descriptor)


def ticker(http_port: HttpPort = None, leashed: Leashed = False) -> None:
    """Send the ticks from which all timers fire; several tickers do no harm."""
    import asyncio
    import contextlib
    import os
    import signal

    from streams.ticker import tick_until_cancelled
    from tidings.cli.failures import fail
    from tidings.health import Health
    from tidings.health_endpoint import PortTaken, health_endpoint
    from tidings.stopping import WORKER_STOP_SECONDS, end_within

    installation = begin(leashed, http_port)
    health = Health()

    async def until_told() -> None:
        ticking = asyncio.ensure_future(tick_until_cancelled(installation, health))
        loop = asyncio.get_running_loop()

        def stop_now() -> None:
            end_within(WORKER_STOP_SECONDS, "ticker")
            ticking.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop_now)
        with contextlib.suppress(asyncio.CancelledError):
            await ticking

    try:
        with needing_a_broker(installation), health_endpoint(installation.worker, health):
            asyncio.run(until_told())
    except PortTaken as error:
        raise fail(f"{error}.", os.EX_UNAVAILABLE) from None
    except PermissionError as error:
        raise fail(f"The ticker ends: {error}.", os.EX_CONFIG) from None


@contextmanager
def needing_a_broker(installation: "Installation") -> "Iterator[None]":
    """What a long-running process does once it has begun; without a broker it ends with 69, and says why."""
    import asyncio
    import os

    from streams.unavailable import Unavailable, not_let_in
    from tidings.cli.failures import fail, told
    from tidings.kafka_clients import Unreachable

    try:
        yield
    except (Unavailable, Unreachable) as error:
        why = error if isinstance(error, Unavailable) else asyncio.run(not_let_in(installation.kafka))
        raise fail(told(why), os.EX_UNAVAILABLE) from None


def begin(leashed: bool, http_port: int | None) -> "Installation":
    """What a long-running process begins with: its leash, its settings, its log."""
    from dataclasses import replace

    from tidings.cli.installation import installed
    from tidings.log import configure
    from tidings.supervision import end_with_supervisor

    if leashed:
        end_with_supervisor()
    installation = installed()
    configure(installation.log)
    if http_port is None:
        return installation
    return replace(installation, worker=replace(installation.worker, http_port=http_port))
