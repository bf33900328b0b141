import pytest

from tests.simulation.seeds import SHOP_AT, run_seed
from tests.simulation.sweep import fresh_seeds, keep, kept_seeds, sweep

SEEDS = 10_000
PROCESSES = 2


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_storm_breaks_a_law() -> None:
    failures = sweep([*kept_seeds(), *fresh_seeds(SEEDS)], processes=PROCESSES)
    keep(failures)
    assert not failures, "\n\n".join(map(str, failures[:5]))


@pytest.mark.parametrize("seed", [*range(10), SHOP_AT])
def test_a_seed_is_the_same_run_every_time(seed: int) -> None:
    first, again = (run_seed(seed, is_traced=True) for _ in range(2))
    assert first.steps == again.steps
    assert first.steps
