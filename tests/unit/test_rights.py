"""What each process is said to need on a broker that authorizes is what it does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from processors.effects import Effect, Fire, Forward, Function
from streams.stage import Stage
from streams.topology import TOPOLOGY
from tidings.rehearsal.driver import run_in_memory
from tidings.rehearsal.providers import provider_stage
from tidings.rehearsal.scenario import read_scenario
from tidings.rights import worker_rights

SCENARIOS = sorted((Path(__file__).parents[1] / "scenarios").rglob("*.yaml"))


def noting(stage: Stage, written: set[str]) -> Stage:
    """The stage, and where it forwards to."""

    def noted(effects: Iterator[Effect]) -> Iterator[Effect]:
        for effect in effects:
            match effect:
                case Forward():
                    written.add(effect.topic)
                    yield effect
                case Fire():
                    yield Fire(effect.table, effect.key, noted(effect.effects))
                case _:
                    yield effect

    def noting_function(function: Function) -> Function:
        return lambda record, tables: noted(function(record, tables))

    return replace(stage, reads={topic: noting_function(function) for topic, function in stage.reads.items()})


def test_no_stage_writes_where_it_is_not_said_to() -> None:
    written: dict[str, set[str]] = {stage.name: set() for stage in TOPOLOGY}
    stages = [noting(stage, written[stage.name]) for stage in TOPOLOGY]
    for path in SCENARIOS:
        scenario = read_scenario(path)
        run_in_memory(scenario, (*stages, provider_stage(scenario.providers)), partitions=1).run()
    assert all(written.values())
    unsaid = {name: found - set(worker_rights(name).writes) for name, found in written.items()}
    assert not any(unsaid.values()), unsaid
