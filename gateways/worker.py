"""`tidings gateway <channel>`: one process, until SIGTERM or until something fails that only a restart can mend."""

import asyncio
import os
import signal
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
import uvloop

from gateways.answers import Provider
from gateways.consumer import Gateway, TopicsMissing
from gateways.smtp import SmtpRelay
from schemas.words import Channel
from tidings.claim import Claim, Taken
from tidings.config import Installation
from tidings.health import Health
from tidings.health_endpoint import PortTaken, health_endpoint

STOPPED = 0
UNAVAILABLE = 69
CRASHED = 70
MISCONFIGURED = 78
"""Exit codes in the numbers of sysexits.h; to start again is of use after 69 and 70 only."""

PROVIDERS: dict[Channel, Callable[[Installation], Provider]] = {
    Channel.EMAIL: lambda installation: SmtpRelay(installation.smtp),
}
"""The channels that have a gateway; a new one is its provider's module and a line here."""

log = structlog.get_logger("gateways")


def run(installation: Installation, channel: str) -> int:
    """Work until SIGTERM or SIGINT and give the exit code. An error ends the process on the spot, with 70."""
    folder = installation.home / "gateways" / installation.worker.name / channel
    try:
        claim = Claim(folder, f"gateway {channel} {installation.worker.name}")
        health = Health()
        with health_endpoint(installation.worker, health):
            uvloop.run(_serve(installation, Channel(channel), health))
        claim.release()
    except (TopicsMissing, Taken) as error:
        log.error("gateway cannot start", channel=channel, error=str(error))
        return MISCONFIGURED
    except PortTaken as error:
        log.error("gateway cannot start", channel=channel, error=str(error))
        return UNAVAILABLE
    except Exception as error:  # noqa: BLE001 - crash-only: whatever it is, the ledger says what was open
        crash(channel, error)
    return STOPPED


async def _serve(installation: Installation, channel: Channel, health: Health) -> None:
    stop = asyncio.Event()
    provider = PROVIDERS[channel](installation)
    gateway = Gateway(channel=channel, installation=installation, provider=provider, clock=_now, health=health)

    def stop_for_good() -> None:
        gateway.stop_for_good()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, stop_for_good)
    try:
        await gateway.run(stop)
    except TopicsMissing:
        raise
    except Exception as error:  # noqa: BLE001 - ended here, before closing clients could commit or hang
        crash(channel, error)


def crash(channel: str, error: BaseException) -> None:
    """End the process without any clean-up; nothing half done may be stored or committed on the way out."""
    text = f"gateway {channel} ends: {error!r}\n" + "".join(traceback.format_exception(error))
    os.write(2, text.encode())
    os._exit(CRASHED)


def _now() -> datetime:
    return datetime.now(UTC)
