"""The laws can be broken: each rule of the protocol that is switched off is missed by some of the first 500 seeds."""

import pytest

from tests.simulation.mutations import MUTATIONS
from tests.simulation.seeds import outcome_of

SEEDS = 500


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTATIONS)
def test_a_rule_that_is_switched_off_is_missed(name: str) -> None:
    mutation = MUTATIONS[name]
    noticed = (seed for seed in range(SEEDS) if outcome_of(seed, mutation.world(seed)).broken)
    assert any(not outcome_of(seed, mutation.whole(seed)).broken for seed in noticed), f"{name}: nothing notices"
