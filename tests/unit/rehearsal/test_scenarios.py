"""Every scenario of the project holds, and gives the same JSON for any number of partitions."""

import json
from pathlib import Path

import pytest

from tidings.rehearsal import rehearse

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FILES = sorted(SCENARIOS.rglob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_scenario_holds_and_partitions_make_no_difference(path: Path) -> None:
    rehearsal = rehearse(path)
    assert not rehearsal.differences, "\n" + "\n".join(map(str, rehearsal.differences))
    wanted = json.dumps(rehearsal.outcome.to_plain())
    for partitions in (1, 4):
        assert json.dumps(rehearse(path, partitions=partitions).outcome.to_plain()) == wanted
    assert json.dumps(rehearse(path, through_codec=True).outcome.to_plain()) == wanted


def test_the_example_of_the_how_to_holds(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/how-to/rehearse-a-scenario.md").read_text()
    path = tmp_path / "example.yaml"
    path.write_text(page.partition("```yaml\n")[2].partition("```")[0])
    assert rehearse(path).differences == ()
