"""The process that performs a rehearsal on Kafka: `python -m tidings.rehearsal.worker SCENARIO READY_DESCRIPTOR`.

All stages and the simulated providers, each a Faust app of its own with its own group, as production runs them. It ends
when its standard input does.
"""

import sys
from pathlib import Path

from streams.topology import TOPOLOGY
from streams.worker import serve
from tidings.config import load
from tidings.log import configure
from tidings.rehearsal.providers import provider_stage
from tidings.rehearsal.scenario import read_scenario
from tidings.supervision import end_with_supervisor


def main(scenario: str, ready_descriptor: str) -> None:
    """Perform until told to stop."""
    end_with_supervisor()
    installation = load()
    configure(installation.log)
    answers = read_scenario(Path(scenario)).providers
    serve((*TOPOLOGY, provider_stage(answers)), installation, ready_descriptor=int(ready_descriptor))


if __name__ == "__main__":
    main(*sys.argv[1:])
