"""A worker under chaos: `python -m tests.chaos.worker BOOTSTRAP PREFIX HOME NAME MEMBERSHIP PROTOCOL STAGE …`.

The parts that the engine is made of are replaced in this process by subclasses that note, sign, and die when told to.
"""

import logging
import os
import sys
import threading
from enum import StrEnum
from pathlib import Path
from typing import Any

import streams.app
from schemas.topics import EVENTS
from streams.app import App
from streams.naming import topic_name
from streams.worker import serve
from tests.chaos.notes import Notebook, What
from tests.chaos.seams import Fuse, seamed_journal, seamed_outbox, seamed_runner, torn_journal
from tests.chaos.stage import Dedup, Watch, chaos_stage
from tidings.config import Installation, Kafka, Worker

_PARENT_LOOK_SECONDS = 1.0


class Membership(StrEnum):
    """How a worker belongs to its group."""

    STATIC = "static"
    """As the product does: it comes back to its own partitions."""
    DYNAMIC = "dynamic"


class Protocol(StrEnum):
    """How state leaves."""

    UNIT = "unit"
    """As the product does: one record batch."""
    TORN = "torn"
    """Record by record, as a control."""


def installation(bootstrap_servers: str, prefix: str, home: Path, name: str) -> Installation:
    """One trial's installation, apart from all others on the same broker."""
    return Installation(
        kafka=Kafka(bootstrap_servers=bootstrap_servers, topic_prefix=prefix),
        home=home,
        worker=Worker(name=name, tick_interval_seconds=0.5),
    )


def noting_app(notebook: Notebook, here: Installation, membership: Membership) -> type[App]:
    """An app that notes what it was assigned."""

    class NotingApp(App):
        def __init__(self, name: str, **settings: Any) -> None:
            if membership is Membership.DYNAMIC:
                del settings["consumer_group_instance_id"]
            super().__init__(name, **settings)

        def on_rebalance_end(self) -> None:
            super().on_rebalance_end()
            events = topic_name(here, EVENTS.name)
            notebook.write(
                here.worker.name,
                What.READY,
                stage=self.stage.name,
                partitions={tp.partition for tp in self.consumer.assignment() if tp.topic == events},
                generation=self.consumer_generation_id,
            )

    return NotingApp


def substitute(**parts: type) -> None:
    """Let `streams.app` build its apps of these parts, each a subclass of the one it replaces."""
    for name, part in parts.items():
        assert issubclass(part, getattr(streams.app, name)), f"streams.app.{name} is not what it was"
        setattr(streams.app, name, part)


def end_with_parent() -> None:
    """A worker whose tormentor was killed would otherwise go on for ever."""
    parent, pause = os.getppid(), threading.Event()

    def watch() -> None:
        while not pause.wait(_PARENT_LOOK_SECONDS):
            if os.getppid() != parent:
                os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def main(arguments: list[str]) -> None:
    """Serve until told to stop, or until a seam."""
    end_with_parent()
    bootstrap_servers, prefix, home, name, membership, protocol, *stages = arguments
    here = installation(bootstrap_servers, prefix, Path(home), name)
    fuse = Fuse(here.home, name)
    substitute(
        App=noting_app(Notebook(here.home), here, Membership(membership)),
        Guard=Watch,
        Outbox=seamed_outbox(fuse),
        Journal=torn_journal(fuse) if protocol == Protocol.TORN else seamed_journal(fuse),
        StageRunner=seamed_runner(fuse),
    )
    serve([chaos_stage(Dedup(stage)) for stage in stages], here, with_ticker=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    main(sys.argv[1:])
