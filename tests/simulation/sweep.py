"""Many seeds on all cores; the ones that fail are kept and run first for ever after."""

import logging
import multiprocessing
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

import structlog

from streams.collecting import collect_rarely
from tests.simulation.seeds import Outcome, run_seed

KEPT = Path(__file__).with_name("failing_seeds.txt")
_CHUNK = 50
_HIGHEST = 1 << 48


def fresh_seeds(count: int) -> range:
    """So many seeds that most probably nobody has run before."""
    first = secrets.randbelow(_HIGHEST)
    return range(first, first + count)


def kept_seeds(path: Path = KEPT) -> list[int]:
    """The seeds that failed once; what stands after a `#` is for people."""
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return [int(line) for line in lines if line]


def keep(outcomes: Iterable[Outcome], path: Path = KEPT) -> None:
    """Write the failing ones down, each once."""
    known = set(kept_seeds(path))
    with path.open("a") as file:
        for outcome in outcomes:
            if outcome.seed not in known:
                file.write(f"{outcome.seed}  # {outcome.broken[0][:100]!r}\n")


def sweep(seeds: Sequence[int], *, processes: int) -> list[Outcome]:
    """The outcomes of those seeds that break a law."""
    forking = multiprocessing.get_context("forkserver")
    with forking.Pool(processes, initializer=_prepare) as pool:
        return [outcome for outcome in pool.imap_unordered(_failing, seeds, chunksize=_CHUNK) if outcome is not None]


def _failing(seed: int) -> Outcome | None:
    outcome = run_seed(seed)
    return outcome if outcome.broken else None


def _prepare() -> None:
    """In a storm everything warns all the time; and what is loaded stays, so no collection has to look at it."""
    collect_rarely()
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
