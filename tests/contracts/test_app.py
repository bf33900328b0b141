"""What the engine needs of Faust's app, settings, worker and services."""

import signal
from pathlib import Path
from typing import Any

import faust
import faust.cli.worker
import pytest
from faust.types.settings import Settings
from mode import Service

from streams.app import App, _Settings
from streams.crash import Fatal
from streams.transport import Producer, Transport
from tests.contracts.rig import ours, stock
from tests.contracts.upgrade import promised, still_needed


async def test_stock_faust_heeds_the_environment_more_than_its_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKER_URL", "kafka://elsewhere:9092")
    still_needed(
        [url.host for url in stock(tmp_path).conf.broker] == ["elsewhere"],
        "an environment variable wins over what is passed to Faust's settings.",
        "streams.app._Settings",
    )
    promised(
        [url.host for url in ours(tmp_path).conf.broker] == ["127.0.0.1"],
        "that Settings.getenv is the one way from the environment to Faust's settings, and App.Settings is used.",
        "streams.app._Settings",
    )
    assert issubclass(_Settings, Settings)


async def test_both_transports_are_ours(tmp_path: Path) -> None:
    app = ours(tmp_path)
    promised(
        type(app.transport) is Transport and type(app.producer_transport) is Transport,
        "that an app makes its transports with _new_transport and _new_producer_transport.",
        "streams.app.App",
    )
    promised(
        type(app.producer) is Producer,
        "that the transport's Producer is the class that Faust's producer has.",
        "streams.transport.Transport",
    )


async def test_a_crash_of_any_service_reaches_the_app(tmp_path: Path) -> None:
    reasons: list[BaseException] = []

    class Noting(App):
        def _crash(self, reason: BaseException) -> None:
            reasons.append(reason)

    class Part(Service):
        """Some service deep within the app."""

    app = Noting("noting", broker="kafka://127.0.0.1:1", datadir=str(tmp_path))
    part = Part(beacon=app.beacon.new(object()))
    reason = Fatal("a part failed")
    await part.crash(reason)
    promised(
        reasons and reasons[0] is reason,
        "that Service.crash of a child calls App._crash.",
        "streams.app.App._crash; without it a worker would stand still in silence,",
    )


async def test_a_worker_is_a_static_member_with_the_sessions_that_we_say(tmp_path: Path) -> None:
    app = ours(tmp_path)
    consumer: Any = app.consumer
    reader = consumer._thread._create_consumer(consumer.loop)
    promised(
        (reader._group_instance_id, reader._session_timeout_ms, reader._heartbeat_interval_ms) == ("w1", 10_000, 1_000),
        "that consumer_group_instance_id, broker_session_timeout and broker_heartbeat_interval reach aiokafka.",
        "streams.app._settings_of: a killed worker comes back to its partitions with them,",
    )
    promised(
        not reader._enable_auto_commit,
        "that aiokafka commits nothing by itself.",
        "streams.consumer.Consumer, where only `settle` makes an offset committable,",
    )


async def test_the_buffers_are_larger_than_we_ever_fill_them(tmp_path: Path) -> None:
    app = ours(tmp_path)
    queue = app.topic("events").queue
    promised(
        queue.maxsize == 1024,
        "that the setting stream_buffer_maxsize is the size of a stream's queue.",
        "streams.consumer.UNDONE_LIMIT",
    )


def test_fausts_own_command_would_open_a_port() -> None:
    [with_web] = [option for option in _options() if "--with-web" in option.opts]
    still_needed(
        with_web.default is True,
        "the command `worker` of Faust starts a web server, whatever the setting web_enabled says.",
        "streams.worker._Worker, which is started without that command,",
    )


def _options() -> list[Any]:
    command: Any = faust.cli.worker.worker.as_click_command()
    return list(command.params)


async def test_our_worker_stops_on_the_signals_that_we_say(tmp_path: Path) -> None:
    steps: list[str] = []

    class Noting(faust.Worker):
        def install_signal_handlers(self) -> None:
            steps.append("handlers")

        async def stop(self) -> None:
            steps.append("stop")

    worker: Any = Noting(ours(tmp_path), quiet=True, redirect_stdouts=False, override_logging=False)
    promised(
        hasattr(worker, "spinner"), "that a worker shows a spinner only when it has one.", "streams.worker._Worker"
    )
    worker.spinner = None
    await worker.default_on_first_start()
    worker._schedule_shutdown(signal.SIGTERM)
    await worker._signal_stop_future
    promised(
        steps == ["handlers", "stop"],
        "that mode's worker installs its handlers with install_signal_handlers, and stops with _schedule_shutdown.",
        "streams.worker._Worker.install_signal_handlers",
    )


async def test_what_a_stage_joins_is_read_before_anything_is_assigned() -> None:
    calls: list[str] = []

    class Noting(faust.App):
        async def on_first_start(self) -> None:
            calls.append("on_first_start")
            raise LookupError("far enough")

        async def on_start(self) -> None:
            calls.append("on_start")

    app = Noting("noting", broker="kafka://127.0.0.1:1")
    with pytest.raises(LookupError):
        await app.start()
    promised(
        calls == ["on_first_start"],
        "that on_first_start is awaited before an app starts its consumer.",
        "streams.app.App.on_first_start, which reads the full copies,",
    )
