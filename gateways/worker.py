"""`tidings gateway …`: one process, until SIGTERM or until something fails that only a restart can mend."""

import asyncio
import os
import signal
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

import structlog

from gateways.answers import Provider
from gateways.consumer import Gateway, TopicsMissing
from gateways.kafka import NoBroker
from gateways.outcomes import Plan
from gateways.sandbox import Sandbox
from gateways.smtp import SmtpRelay
from gateways.unsubscribe.links import links_of
from schemas.words import Channel
from tidings.claim import Claim, Taken
from tidings.config import Installation
from tidings.event_loop import use_uvloop
from tidings.health import Health
from tidings.health_endpoint import PortTaken, health_endpoint
from tidings.kafka_clients import not_allowed, refusal_in
from tidings.stopping import GATEWAY_STOP_SECONDS, end_within

STOPPED = 0
UNAVAILABLE = 69
CRASHED = 70
MISCONFIGURED = 78
"""Exit codes in the numbers of sysexits.h; to start again is of use after 69 and 70 only."""

PROVIDERS: dict[Channel, Callable[[Installation], Provider]] = {
    Channel.EMAIL: lambda installation: SmtpRelay(installation.smtp, links=links_of(installation)),
}
"""The channels that have a gateway; a new one is its provider's module and a line here."""

log = structlog.get_logger("gateways")

_New = Mapping[Channel, Callable[[], Provider]]


def run(installation: Installation, channel: str) -> int:
    """Work until SIGTERM or SIGINT and give the exit code. An error ends the process on the spot, with 70."""
    new = PROVIDERS[Channel(channel)]
    return _run(installation, channel, {Channel(channel): lambda: new(installation)})


def run_sandbox(installation: Installation, channels: Iterable[Channel], plan: Plan) -> int:
    """The same with a provider that reaches nobody, for several channels in one process."""
    return _run(installation, "sandbox", {channel: _sandbox_of(channel, plan) for channel in channels})


def _sandbox_of(channel: Channel, plan: Plan) -> Callable[[], Provider]:
    return lambda: Sandbox(channel, plan)


def _run(installation: Installation, name: str, new: _New) -> int:
    worker = installation.worker
    folders = {channel: installation.home / "gateways" / worker.name / channel for channel in new}
    use_uvloop()
    try:
        claims = [Claim(folder, f"gateway {channel} {worker.name}") for channel, folder in folders.items()]
        health = Health()
        with health_endpoint(worker, health):
            asyncio.run(_serve(installation, name, new, health))
        for claim in claims:
            claim.release()
    except (TopicsMissing, Taken) as error:
        log.error("gateway cannot start", channel=name, error=str(error))
        return MISCONFIGURED
    except PortTaken as error:
        log.error("gateway cannot start", channel=name, error=str(error))
        return UNAVAILABLE
    except Exception as error:  # noqa: BLE001 - crash-only: whatever it is, the ledger says what was open
        crash(name, error)
    return STOPPED


async def _serve(installation: Installation, name: str, new: _New, health: Health) -> None:
    stop = asyncio.Event()
    gateways = [
        Gateway(
            channel=channel,
            installation=installation,
            provider=new_provider(),
            clock=_now,
            health=health if len(new) == 1 else health.part(channel),
        )
        for channel, new_provider in new.items()
    ]

    def stop_now() -> None:
        end_within(GATEWAY_STOP_SECONDS, f"gateway {name}")
        stop.set()

    def stop_for_good() -> None:
        for gateway in gateways:
            gateway.stop_for_good()
        stop_now()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop_now)
    loop.add_signal_handler(signal.SIGUSR1, stop_for_good)
    await asyncio.gather(*(_work(gateway, stop, name) for gateway in gateways))


async def _work(gateway: Gateway, stop: asyncio.Event, name: str) -> None:
    try:
        await gateway.run(stop)
    except TopicsMissing:
        raise
    except Exception as error:  # noqa: BLE001 - ended here, before closing clients could commit or hang
        crash(name, error)


def crash(name: str, error: BaseException) -> None:
    """End the process without any clean-up; nothing half done may be stored or committed on the way out."""
    refusal = refusal_in(error)
    if refusal is not None:
        os.write(2, f"gateway {name} ends: {not_allowed(refusal)}\n".encode())
        os._exit(MISCONFIGURED)
    if isinstance(error, NoBroker):
        os.write(2, f"gateway {name} ends: {error}, `tidings doctor` says why\n".encode())
        os._exit(UNAVAILABLE)
    text = f"gateway {name} ends: {error!r}\n" + "".join(traceback.format_exception(error))
    os.write(2, text.encode())
    os._exit(CRASHED)


def _now() -> datetime:
    return datetime.now(UTC)
