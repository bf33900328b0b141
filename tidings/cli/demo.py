"""`tidings demo`: everything on this machine, a day of two food pantries, and what becomes of it."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import asyncio

    from deploy.mailbox.server import Address
    from deploy.mailbox.store import Mailbox
    from tidings.cli.demo_view import View
    from tidings.demo.happening import Day
    from tidings.demo.installation import DemoInstallation
    from tidings.demo.watch import Watch
    from tidings.supervision import OnLine

_LOOK_SECONDS = 0.2
_LOG_LINES = 15


def demo(
    until_done: Annotated[bool, typer.Option("--until-done", help="End when all has happened that should.")] = False,
    seconds: Annotated[
        float | None,
        typer.Option(min=1, help="End after so long at the latest; exit status 1 when something is missing."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what earlier demos left.")] = False,
) -> None:
    """Start a Kafka, a mail server and all of Tidings, play a day of two food pantries, and show what becomes of it.

    It has a home, ports and data of its own. Ctrl-C ends everything; the data stays for the next demo.
    """
    import asyncio
    import time

    from deploy.local_kafka import BrokerSettings, stop
    from tidings.cli.broker import broker_home, started
    from tidings.cli.failures import fail
    from tidings.config import load
    from tidings.demo.installation import AlreadyRunning, alone, prepare
    from tidings.supervision import StartedInVain

    begun, home = time.monotonic(), load().home / "demo"
    try:
        with alone(home):
            place = prepare(home, fresh=fresh)
            typer.echo("A Kafka is starting; the first time, it is downloaded.")
            try:
                started(place.installation, BrokerSettings(port=place.kafka_port))
                done = asyncio.run(_play(place, begun, until_done=until_done, seconds=seconds))
            except StartedInVain as error:
                raise fail(f"{error}:\n{_last_lines(place, error.child)}") from None
            finally:
                stop(broker_home(place.installation))
    except AlreadyRunning as error:
        raise fail(str(error)) from None
    raise typer.Exit(0 if done or not (until_done or seconds) else 1)


async def _play(place: "DemoInstallation", begun: float, *, until_done: bool, seconds: float | None) -> bool:
    """Whether all happened that should."""
    import asyncio

    from deploy.mailbox.server import serving
    from deploy.mailbox.store import Mailbox
    from tidings.cli.demo_view import View
    from tidings.cli.up import everything, make_topics, stop_on_signals
    from tidings.demo.watch import Watch
    from tidings.supervision import supervise

    stop, day = asyncio.Event(), _today()
    watch, mailbox = Watch(day.happenings), Mailbox()
    view = View(watch, begun)
    stop_on_signals(stop)
    view.step(f"Kafka serves at {place.installation.kafka.bootstrap_servers}.")
    async with serving(mailbox, place.installation.smtp.port, place.web_port) as address:
        view.step(f"Mail is shown at {address.url}")
        await make_topics(place.installation)
        view.step("The topics are made.")
        children = asyncio.create_task(
            supervise(
                everything(place.installation.sandbox.channels),
                environment=place.environment(),
                on_line=_into_logs(place),
                stop=stop,
            )
        )
        try:
            await _watch(
                place, day, _Scene(watch, view, mailbox, address, stop), until_done=until_done, seconds=seconds
            )
        finally:
            stop.set()
            await children
    return not (any(watch.missing()) or any(watch.doubled())) and _no_mail_twice(mailbox)


class _Scene:
    """What there is to look at while the day is played."""

    def __init__(
        self, watch: "Watch", view: "View", mailbox: "Mailbox", address: "Address", stop: "asyncio.Event"
    ) -> None:
        self.watch = watch
        self.view = view
        self.mailbox = mailbox
        self.address = address
        self.stop = stop

    def take(self, record: object) -> None:
        """A decision, status or dead letter."""
        changed = self.watch.take(record)
        if changed is not None:
            self.view.changed(changed)


async def _watch(
    place: "DemoInstallation", day: "Day", scene: _Scene, *, until_done: bool, seconds: float | None
) -> None:
    import asyncio

    from tidings.demo.play import play, told

    kafka = place.installation.kafka
    async with told(kafka, scene.take):
        playing = asyncio.create_task(play(kafka, day))
        scene.view.step("Workers and gateway are starting; the day begins.")
        scene.view.begin()
        try:
            async with asyncio.timeout(seconds):
                is_done = await _until_done(scene, playing)
        except TimeoutError:
            is_done = False
        finally:
            scene.view.end()
            playing.cancel()
        _say_how_it_went(place, day, scene)
        if is_done and not until_done and seconds is None:
            typer.echo("All of it goes on running. Ctrl-C ends it.")
            await scene.stop.wait()
            typer.echo("Ending all of it. The data stays for the next demo.")


async def _until_done(scene: _Scene, playing: "asyncio.Task[None]") -> bool:
    import asyncio

    first_mail_told = False
    while not scene.stop.is_set():
        if playing.done():
            playing.result()
        if scene.mailbox.count and not first_mail_told:
            scene.view.step("The first mail has arrived.")
            first_mail_told = True
        if playing.done() and not any(scene.watch.missing()):
            return True
        await asyncio.sleep(_LOOK_SECONDS)
    return False


def _say_how_it_went(place: "DemoInstallation", day: "Day", scene: _Scene) -> None:
    for sentence in scene.watch.missing():
        typer.echo(f"Missing: {sentence}.")
    for sentence in scene.watch.doubled():
        typer.echo(f"Twice: {sentence}.")
    left_over = " Earlier demos had left some to be sent." if scene.mailbox.count > day.mails else ""
    twice = "" if _no_mail_twice(scene.mailbox) else " One of them came twice."
    typer.echo(f"{scene.mailbox.count} mails have arrived; the day comes to {day.mails}.{left_over}{twice}")
    tidings = _command()
    reminder = next(each for each in day.happenings if each.event["type"] == "appointment.scheduled")
    typer.echo(
        f"""
The mails are at {scene.address.url}
Ask in another terminal:
  export TIDINGS_CONFIG={place.settings_file}
  {tidings} why --tenant {reminder.tenant} --event {reminder.event_id}
  {tidings} why --tenant riverside --contact dev
  {tidings} dead-letters list
  {tidings} tail decisions --from-beginning
  {tidings} doctor
What the processes say is in {place.logs}.
"""
    )


def _today() -> "Day":
    from datetime import UTC, datetime

    from tidings.demo.day import day

    now = datetime.now(UTC)
    return day(now, f"{now:%m%d-%H%M%S}")


def _no_mail_twice(mailbox: "Mailbox") -> bool:
    ids = [mail.message_id for mail in mailbox.mails()]
    return len(ids) == len(set(ids))


def _into_logs(place: "DemoInstallation") -> "OnLine":
    """Each process has a file; it begins anew with each demo."""
    for old in place.logs.glob("*.log"):
        old.unlink()

    def write(name: str, line: str) -> None:
        with (place.logs / f"{name}.log").open("a") as log:
            log.write(f"{line}\n")

    return write


def _last_lines(place: "DemoInstallation", child: str) -> str:
    path = place.logs / f"{child}.log"
    return "\n".join(path.read_text().splitlines()[-_LOG_LINES:]) if path.exists() else "(it said nothing)"


def _command() -> str:
    """How this very program is called."""
    import shutil
    import sys
    from pathlib import Path

    return "tidings" if shutil.which("tidings") else str(Path(sys.executable).parent / "tidings")
