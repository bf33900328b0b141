"""One scenario file, run and compared: what `tidings rehearse` does before it prints."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from schemas.topics import PARTITIONS
from streams.topology import TOPOLOGY
from tidings.config import Installation, load
from tidings.rehearsal.driver import run_in_memory
from tidings.rehearsal.matching import Difference, differences
from tidings.rehearsal.outcome import Outcome
from tidings.rehearsal.providers import provider_stage
from tidings.rehearsal.scenario import Scenario, read_scenario

Engine = Literal["memory", "kafka"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What happened, and in what it was not as expected."""

    scenario: Scenario
    outcome: Outcome
    differences: tuple[Difference, ...]

    @property
    def holds(self) -> bool:
        """Whether everything was as expected."""
        return not self.differences


def rehearse(
    path: Path,
    *,
    partitions: int = PARTITIONS,
    engine: Engine = "memory",
    installation: Installation | None = None,
    through_codec: bool = False,
) -> Rehearsal:
    """Run the scenario in a file; raises Refused, with paths or lines, when the file is not valid.

    With `engine="kafka"` the broker has to be there; raises streams.unavailable.Unavailable when it is not. Its topics
    have the partitions of an installation, whatever `partitions` says.
    """
    scenario = read_scenario(path)
    stages = (*TOPOLOGY, provider_stage(scenario.providers))
    run = run_in_memory(scenario, stages, partitions=partitions, through_codec=through_codec)
    outcome = run.run()
    if engine == "kafka":
        from tidings.rehearsal.kafka_engine import run_on_kafka  # noqa: PLC0415  # aiokafka takes long to import

        outcome = run_on_kafka(path, scenario, run.steps, stages, installation or load())
    return Rehearsal(scenario=scenario, outcome=outcome, differences=tuple(differences(scenario.expect, outcome)))
