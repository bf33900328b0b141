"""The worker: the process that performs stages, as `tidings worker STAGE …` starts it.

Several stages may share a process; each is an app of its own, with its own group, and they share one core. SIGTERM and
SIGINT stop it in order, with 0, or after 10 s without (`tidings.stopping`); `streams.crash` has the other ways out. A
worker that stopped keeps its partitions until its session runs out (`worker.session_seconds`), so that a restart moves
nothing. One that was told to stop by SIGUSR1, or whose setting `worker.on_stop` is `leave`, hands them over at once
(`streams.departure`).
"""

import asyncio
import logging
import signal
from collections.abc import Sequence
from typing import NoReturn

import faust
import faust.streams
from aiokafka.errors import KafkaError

from streams.app import App, build
from streams.collecting import collect_rarely
from streams.crash import ExitCode
from streams.departure import leave
from streams.incarnation import look_after_state
from streams.naming import app_id, state_directory
from streams.readiness import Readiness
from streams.stage import Stage
from streams.ticker import tick_until_cancelled
from streams.topics_admin import missing
from streams.unavailable import NotAllowed, Unavailable
from streams.watch import watch_until_cancelled
from tidings.claim import Claim, Taken
from tidings.config import Installation, OnStop
from tidings.event_loop import use_uvloop
from tidings.health import Health
from tidings.health_endpoint import PortTaken, health_endpoint
from tidings.kafka_clients import NOT_ALLOWED, not_allowed, require_groups
from tidings.stopping import WORKER_STOP_SECONDS, end_within

log = logging.getLogger(__name__)


def serve(
    stages: Sequence[Stage],
    installation: Installation,
    *,
    with_ticker: bool = False,
    ready_descriptor: int | None = None,
) -> NoReturn:
    """Perform these stages until the process is told to stop; raises SystemExit with an ExitCode.

    When all of them are ready, the line `ready` goes to the descriptor, which is then closed (`streams.readiness`).
    """
    _require_cython()
    use_uvloop()
    claims = _claim(stages, installation)
    readiness = Readiness(installation.worker.name, (stage.name for stage in stages), ready_descriptor, Health())
    try:
        with health_endpoint(installation.worker, readiness.health):
            _prepare(tuple(stages), installation)
            _perform(stages, installation, readiness, with_ticker=with_ticker)
    except PortTaken as error:
        log.critical("%s", error)
        raise SystemExit(ExitCode.UNAVAILABLE) from None
    finally:
        for claim in claims:
            claim.release()


def _perform(
    stages: Sequence[Stage], installation: Installation, readiness: Readiness, *, with_ticker: bool
) -> NoReturn:
    apps = [build(stage, installation, readiness) for stage in stages]
    worker = _Worker(apps, installation if with_ticker else None, readiness.health)
    collect_rarely()
    try:
        worker.execute_from_commandline()
    except SystemExit as end:
        # Faust has logged the reason; its 1 means no more than that a service did not start.
        if end.code:
            raise SystemExit(ExitCode.CRASHED) from None
    if worker.stops_for_good or installation.worker.on_stop is OnStop.LEAVE:
        asyncio.run(leave(installation, [stage.name for stage in stages]))
    raise SystemExit(ExitCode.STOPPED)


class _Worker(faust.Worker):
    """Runs the apps; unlike Faust's own command it starts no web server, sets up no log and opens no debugger."""

    def __init__(self, apps: Sequence[App], ticks_for: Installation | None, health: Health) -> None:
        super().__init__(apps[0], *apps[1:], quiet=True, redirect_stdouts=False, override_logging=False)
        self.spinner = None  # it writes control codes also where there is no terminal
        self._apps = apps
        self._ticks_for = ticks_for
        self._health = health
        self.stops_for_good = False

    async def on_start(self) -> None:
        """Begin to look after the stages, and to tick; and start all stages at once.

        mode 0.7.1 starts what a worker consists of one after another, and passes over what has been started.
        """
        await super().on_start()
        self.add_future(watch_until_cancelled(self._apps, self._health))
        if self._ticks_for is not None:
            self.add_future(tick_until_cancelled(self._ticks_for, self._health))
        await asyncio.gather(*(app.maybe_start() for app in self._apps))

    def install_signal_handlers(self) -> None:
        """Stop on SIGTERM and SIGINT alike, and for good on SIGUSR1."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self.loop.add_signal_handler(number, self._stop)
        self.loop.add_signal_handler(signal.SIGUSR1, self._stop_for_good)

    def _stop(self) -> None:
        end_within(WORKER_STOP_SECONDS, "worker")
        self._schedule_shutdown(signal.SIGTERM)

    def _stop_for_good(self) -> None:
        self.stops_for_good = True
        self._stop()


def _require_cython() -> None:
    """Faust falls back to slow Python in silence, with an iterator that acks differently from what is tested."""
    if not hasattr(faust.streams, "_CStreamIterator") or faust.streams._CStreamIterator is None:
        log.critical("Faust's compiled stream iterator is missing: install the locked wheels, and unset NO_CYTHON")
        raise SystemExit(ExitCode.MISCONFIGURED)


def _claim(stages: Sequence[Stage], installation: Installation) -> list[Claim]:
    """Two workers in one folder would end each other for ever, each by opening what the other has open."""
    name = installation.worker.name
    try:
        return [
            Claim(state_directory(installation, each.name), f"worker {name} of stage {each.name}") for each in stages
        ]
    except Taken as error:
        log.critical("%s", error)
        raise SystemExit(ExitCode.MISCONFIGURED) from None


def _prepare(stages: tuple[Stage, ...], installation: Installation) -> None:
    """With a topic missing, Faust would wait for ever, silently; with state of another one, it would skip records."""
    try:
        names = asyncio.run(missing(installation, stages))
        if names:
            said = "%s of the topics are missing (%s …), or may not be seen: run `tidings topics apply`"
            log.critical(said, len(names), names[0])
            raise SystemExit(ExitCode.MISCONFIGURED)
        asyncio.run(look_after_state(installation, [stage.name for stage in stages]))
        asyncio.run(require_groups(installation.kafka, [app_id(installation, stage.name) for stage in stages]))
    except NOT_ALLOWED as error:
        log.critical(not_allowed(error))
        raise SystemExit(ExitCode.MISCONFIGURED) from None
    except NotAllowed as error:
        log.critical("%s", error)
        raise SystemExit(ExitCode.MISCONFIGURED) from None
    except (Unavailable, KafkaError) as error:
        log.critical("%s", error)
        raise SystemExit(ExitCode.UNAVAILABLE) from None
