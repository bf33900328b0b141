"""One worker of ours to be measured: `python -m bench.worker STAGE SERVERS PREFIX HOME NAME TICK_SECONDS DESCRIPTOR`.

STAGE is `real:decide`, `alarms:NAME`, or `job:FORM:TIMERS:NAME`.
"""

import logging
import sys
from pathlib import Path

from bench import job
from streams.stage import Stage
from streams.topology import TOPOLOGY
from streams.worker import serve
from tidings.config import Installation, Kafka, Worker

COMMIT_SECONDS = 1.0


def stage_of(spec: str) -> Stage:
    """The stage that a word of the command line stands for."""
    match spec.split(":"):
        case ["real", name]:
            return next(each for each in TOPOLOGY if each.name == name)
        case ["alarms", name]:
            return job.alarm_clock(name)
        case ["job", form, timers, name]:
            return job.stage(form, int(timers), name)
    raise ValueError(f"no stage {spec!r}")


def installation(servers: str, prefix: str, home: Path, name: str, tick_seconds: float = 1.0) -> Installation:
    """As operators have it, but for where it is."""
    commit_seconds = 0.2 if prefix else COMMIT_SECONDS
    worker = Worker(name=name, commit_interval_seconds=commit_seconds, tick_interval_seconds=tick_seconds)
    return Installation(kafka=Kafka(bootstrap_servers=servers, topic_prefix=prefix), home=home, worker=worker)


def command(
    spec: str, servers: str, home: Path, name: str, *, prefix: str = "", tick_seconds: float = 1.0
) -> list[str]:
    """What starts such a worker, but for the descriptor at the end."""
    return [sys.executable, "-m", "bench.worker", spec, servers, prefix, str(home), name, str(tick_seconds)]


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    spec, servers, prefix, home, name, tick_seconds, descriptor = sys.argv[1:]
    serve(
        (stage_of(spec),),
        installation(servers, prefix, Path(home), name, float(tick_seconds)),
        with_ticker=spec.startswith("alarms:"),
        ready_descriptor=int(descriptor),
    )
