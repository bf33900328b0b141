"""`python -m tests.simulation --seed N [--trace]` runs one seed again; `--seeds N` runs N fresh ones."""

import argparse
import os
import sys
import time

from tests.simulation.seeds import run_seed
from tests.simulation.sweep import fresh_seeds, sweep

SHOWN = 5


def main() -> int:
    """The exit status is 1 when a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, help="run this one")
    parser.add_argument("--trace", action="store_true", help="print everything that happens")
    parser.add_argument("--seeds", type=int, default=1000, help="how many fresh seeds to run otherwise")
    wanted = parser.parse_args()
    if wanted.seed is not None:
        outcome = run_seed(wanted.seed, is_traced=wanted.trace)
        if wanted.trace:
            print("\n".join(outcome.steps))
        print(outcome)
        return int(bool(outcome.broken))
    seeds = fresh_seeds(wanted.seeds)
    began = time.perf_counter()
    failures = sweep(seeds, processes=os.cpu_count() or 1)
    seconds = time.perf_counter() - began
    for outcome in failures[:SHOWN]:
        print(outcome)
    speed = f"in {seconds:.1f} s, {len(seeds) / seconds:.0f}/s"
    print(f"{len(seeds)} seeds from {seeds[0]} on {speed}, {len(failures)} failed")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
