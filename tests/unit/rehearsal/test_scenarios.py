"""Every scenario of the project holds, and gives the same JSON for any number of partitions."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest

from schemas.reasons import Reason, word
from schemas.topics import PARTITIONS
from streams.topology import TOPOLOGY
from tidings.rehearsal import Outcome, Rehearsal, rehearse
from tidings.rehearsal.driver import run_in_memory
from tidings.rehearsal.providers import provider_stage
from tidings.rehearsal.scenario import Scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FILES = sorted(SCENARIOS.rglob("*.yaml"))


@cache
def rehearsed(path: Path) -> Rehearsal:
    """Read, run and compared as by `tidings rehearse`; once for all tests, since reading takes longer than a run."""
    return rehearse(path)


@cache
def outcome_with(partitions: int, path: Path) -> Outcome:
    """The outcome of a scenario with so many partitions."""
    return _outcome(rehearsed(path).scenario, partitions=partitions)


def _outcome(scenario: Scenario, *, partitions: int, through_codec: bool = False) -> Outcome:
    stages = (*TOPOLOGY, provider_stage(scenario.providers))
    return run_in_memory(scenario, stages, partitions=partitions, through_codec=through_codec).run()


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_scenario_holds_and_partitions_make_no_difference(path: Path) -> None:
    rehearsal = rehearsed(path)
    assert not rehearsal.differences, "\n" + "\n".join(map(str, rehearsal.differences))
    wanted = json.dumps(rehearsal.outcome.to_plain())
    for partitions in (1, 4):
        assert json.dumps(outcome_with(partitions, path).to_plain()) == wanted
    through_codec = _outcome(rehearsal.scenario, partitions=PARTITIONS, through_codec=True)
    assert json.dumps(through_codec.to_plain()) == wanted


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_event_redelivered_twice_changes_nothing(path: Path) -> None:
    """Right behind the first time, and again when all is over; what is refused is refused each time."""
    scenario = rehearsed(path).scenario
    wanted = outcome_with(4, path).to_plain()
    for items in (tuple(item for item in scenario.items for _ in range(3)), scenario.items * 3):
        found = _outcome(replace(scenario, items=items), partitions=4).to_plain()
        assert {part for part in wanted if found[part] != wanted[part]} <= {"refused"}


OF_CAMPAIGNS = frozenset(
    {
        Reason.DUPLICATE_INPUT,
        Reason.NOT_APPROVED,
        Reason.EXPIRED_UNAPPROVED,
        Reason.BALANCE_CHANGED,
        Reason.REPORT_MISSING_CONTACT_COLUMN,
        Reason.CONTENT_CHANGED,
        Reason.RECIPIENT_CHANGED,
        Reason.UNKNOWN_ACCOUNT,
        Reason.CLOSED_ACCOUNT,
        Reason.TOO_MANY_ATTACHMENTS,
        Reason.NOT_PDF,
    }
)
"""What only campaigns say, which are still to come."""


def test_every_reason_of_the_closed_list_is_said_by_some_scenario_and_no_other() -> None:
    """A decision without a message has a reason, and a message that leaves has none."""
    said = set()
    for path in FILES:
        for decision in outcome_with(1, path).decisions:
            reason = decision.get("reason")
            assert (reason is None) == (decision["outcome"] in ("sent", "scheduled")), (path.name, decision)
            said |= {word(reason)} if reason else set()
    assert said == set(Reason) - OF_CAMPAIGNS


@pytest.mark.parametrize("name", ["rehearse-a-scenario", "write-a-rule"])
def test_the_example_of_the_how_to_holds(name: str, tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / f"docs/how-to/{name}.md").read_text()
    path = tmp_path / "example.yaml"
    path.write_text(dedent(page.partition("```yaml\n")[2].partition("```")[0].rstrip(" ")))
    assert rehearse(path).differences == ()
