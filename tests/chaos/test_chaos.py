"""The minute's version of `make chaos`."""

import logging
from pathlib import Path

import pytest

from tests.chaos.run import Limits, run
from tests.chaos.table import lines

pytestmark = pytest.mark.slow

SECONDS = 20.0
PATIENT = Limits(static_seconds=60.0, dynamic_seconds=60.0)
"""That work goes on at all. How soon is measured by `make chaos`, on a machine that has nothing else to do."""


@pytest.fixture
def _quiet() -> None:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


@pytest.mark.timeout(600)  # it takes a minute on a machine of its own
@pytest.mark.usefixtures("_quiet")
async def test_nothing_is_lost_or_performed_twice_whatever_is_killed_and_the_control_loses(tmp_path: Path) -> None:
    report = await run(tmp_path, seconds=SECONDS, seed=1, limits=PATIENT)
    print("\n".join(lines(report)))
    assert report.broken == ()
    assert all(found.kills for found in (*report.trials, *report.controls))
    assert all(found.missing for found in report.controls)
