"""`python -m tests.chaos`: torments the engine and says which laws it broke; exit status 1 when there are any."""

import argparse
import asyncio
import logging
import random
import sys
import tempfile
from pathlib import Path

from tests.chaos.fleet import ROOT
from tests.chaos.run import FULL_SECONDS, Limits, run
from tests.chaos.table import lines, write


def main() -> int:
    """Run, print, and leave `build/chaos.json`."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=FULL_SECONDS, help="how long faults are committed in all")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="the order of faults")
    parser.add_argument("--keep", type=Path, help="a new directory in which logs and state are kept")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    for name in ("aiokafka", "streams"):  # brokers die here, which they would report each millisecond
        logging.getLogger(name).setLevel(logging.CRITICAL)
    print(f"seed {chosen.seed}; {chosen.seconds:g} s of faults, and about 100 s for all else", flush=True)
    with tempfile.TemporaryDirectory(prefix="tidings-chaos-") as thrown_away:
        home = chosen.keep or Path(thrown_away)
        report = asyncio.run(run(home, seconds=chosen.seconds, seed=chosen.seed, limits=Limits()))
    print("\n".join(lines(report)))
    write(report, ROOT / "build" / "chaos.json")
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
