"""A process that performs one stage of a rehearsal on Kafka, as production runs it.

    python -m tidings.rehearsal.worker SCENARIO STAGE READY_DESCRIPTOR

The stage is one of the topology or `providers`, the simulated ones. It ends when its standard input does.
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


def main(scenario: str, name: str, ready_descriptor: str) -> None:
    """Perform until told to stop."""
    end_with_supervisor()
    installation = load()
    configure(installation.log)
    stages = (*TOPOLOGY, provider_stage(read_scenario(Path(scenario)).providers))
    serve([stage for stage in stages if stage.name == name], installation, ready_descriptor=int(ready_descriptor))


if __name__ == "__main__":
    main(*sys.argv[1:])
