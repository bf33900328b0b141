"""Each safety rule holds; and each scenario notices when its rule is missing."""

from importlib import import_module
from pathlib import Path

import pytest

from tests.safety.rule import Place, Rule, Violated
from tests.safety.rules import RULES

IN_PROCESS = [pytest.param(rule, id=rule.name) for rule in RULES if not rule.needs_broker]
ON_KAFKA = [pytest.param(rule, id=rule.name) for rule in RULES if rule.needs_broker]


@pytest.mark.parametrize("rule", IN_PROCESS)
async def test_the_rule_holds(rule: Rule, tmp_path: Path) -> None:
    await rule.scenario(rule.kept_by, Place(home=tmp_path))


@pytest.mark.parametrize("rule", IN_PROCESS)
async def test_without_the_rule_its_test_fails(rule: Rule, tmp_path: Path) -> None:
    with pytest.raises(Violated):
        await rule.scenario(rule.without, Place(home=tmp_path))


@pytest.mark.parametrize("rule", ON_KAFKA)
async def test_the_rule_holds_on_kafka(rule: Rule, tmp_path: Path, kafka: str) -> None:
    await rule.scenario(rule.kept_by, Place(home=tmp_path, bootstrap_servers=kafka))


@pytest.mark.parametrize("rule", ON_KAFKA)
async def test_without_the_rule_its_test_fails_on_kafka(rule: Rule, tmp_path: Path, kafka: str) -> None:
    with pytest.raises(Violated):
        await rule.scenario(rule.without, Place(home=tmp_path, bootstrap_servers=kafka))


def test_there_are_no_fewer_rules_than_were_promised() -> None:
    assert len(RULES) >= 15
    assert len({rule.says for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_a_rule_lives_in_the_product_and_its_absence_only_here(rule: Rule) -> None:
    kept_by = getattr(import_module(rule.kept_by.__module__), rule.kept_by.__qualname__)
    assert kept_by is rule.kept_by
    assert rule.at in vars(kept_by), f"{rule.lives_in} is gone: where is the rule now?"
    assert issubclass(rule.without, rule.kept_by)
    assert rule.without.__module__.startswith("tests.safety.")
