"""`python -m bench [--quick] [--only NAME]`: run, print tables, and write results.md after a full run."""

import argparse
import asyncio
import logging
import shlex
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

from bench import contest, latency, machine, real, report, timers
from bench.broker import running_broker
from bench.scale import FULL, HOME, QUICK, Scale
from bench.table import table
from bench.waiting import until

RESULTS = Path(__file__).parent / "results.md"
_QUIET_LIMIT_SECONDS = 600.0


def main() -> None:
    """The command."""
    arguments = _arguments()
    # aiokafka reports every new topic's first moments as errors; what matters here raises.
    logging.disable(logging.ERROR)
    HOME.mkdir(exist_ok=True)
    scale = QUICK if arguments.quick else FULL
    scenarios = {name: run for name, run in SCENARIOS.items() if arguments.only in (None, name)}
    text = asyncio.run(_until_told(_run(scale, scenarios, arguments.load_limit)))
    print(f"\n{text}")
    if arguments.only is None and not arguments.quick:
        RESULTS.write_text(text)
        _say(f"written to {RESULTS.relative_to(Path.cwd())}" if RESULTS.is_relative_to(Path.cwd()) else str(RESULTS))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the engine and its peers.")
    parser.add_argument("--quick", action="store_true", help="small sizes and one round, within two minutes")
    parser.add_argument("--only", choices=tuple(SCENARIOS), help="one scenario")
    parser.add_argument(
        "--load-limit",
        type=float,
        metavar="LOAD",
        help="before each scenario wait until the load is below (10 min at most)",
    )
    return parser.parse_args()


async def _until_told(running: Coroutine[object, object, str]) -> str:
    """SIGTERM ends a run like Ctrl-C: the broker and what is being measured go with it."""
    task = asyncio.ensure_future(running)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        raise SystemExit(128 + signal.SIGTERM) from None


async def _contest(scale: Scale) -> report.Part:
    async with running_broker() as broker:
        return report.contest(await contest.run(broker, scale, _say))


async def _timers(scale: Scale) -> report.Part:
    return report.timers(*await timers.run(scale, _say))


async def _latency(scale: Scale) -> report.Part:
    return report.latency(await latency.run(scale, _say))


async def _real(scale: Scale) -> report.Part:
    return report.real(await real.run(scale, _say))


SCENARIOS: dict[str, Callable[[Scale], Awaitable[report.Part]]] = {
    "contest": _contest,
    "timers": _timers,
    "latency": _latency,
    "real": _real,
}


async def _run(
    scale: Scale, scenarios: dict[str, Callable[[Scale], Awaitable[report.Part]]], load_limit: float | None
) -> str:
    facts = machine.facts(shlex.join(["python", "-m", "bench", *sys.argv[1:]]))
    began = time.monotonic()
    sections = []
    goals: list[report.Goal] = []
    for run in scenarios.values():
        await _quiet(load_limit)
        before = machine.now()
        part = await run(scale)
        goals += part.goals
        sections.append(f"## {part.title}\n\n{part.text}\n\nMachine before: {before}; after: {machine.now()}.\n")
    facts.append(("scale", f"{scale.name}, {time.monotonic() - began:.0f} s in all"))
    described = f"What is measured and how: [README.md](README.md).\n\n{table(('fact', 'here'), facts)}"
    head = f"# Benchmark results\n\n{described}\n"
    return "\n".join([head, *([f"## Goals\n\n{report.goals_table(goals)}\n"] if goals else []), *sections])


async def _quiet(load_limit: float | None) -> None:
    async def is_quiet() -> bool:
        return load_limit is None or machine.load() <= load_limit

    await until(is_quiet, limit_seconds=_QUIET_LIMIT_SECONDS, look_seconds=5.0)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
