"""Prints all safety rules: where each lives, the test that fails without it, and what is then lost, doubled or torn.

Every line is tried: its test with the rule, then without. `python -m tests.safety [WORD …]` takes the rules that
contain one of the words.
"""

import asyncio
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from deploy import local_kafka
from tests.ports import free_port
from tests.safety.rule import Place, Rule, Violated
from tests.safety.rules import RULES


def main(words: list[str]) -> int:
    """Try and print; 1 when a rule does not hold, or when nothing notices that it is missing."""
    logging.disable()  # what the engine has to say about its troubles is not the table's business
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    rules = [rule for rule in RULES if not words or any(word in rule.says for word in words)]
    with tempfile.TemporaryDirectory(prefix="tidings-safety-") as home, _broker(Path(home), rules) as servers:
        faults = [fault for number, rule in enumerate(rules, 1) if (fault := _try(number, rule, Path(home), servers))]
    print(f"{len(rules)} rules, {len(faults)} faults")
    return 1 if faults else 0


@contextmanager
def _broker(home: Path, rules: list[Rule]) -> Iterator[str]:
    if not any(rule.needs_broker for rule in rules):
        yield ""
        return
    settings = local_kafka.BrokerSettings(port=free_port())
    try:
        yield local_kafka.start(home / "kafka", settings).bootstrap_servers
    finally:
        local_kafka.stop(home / "kafka")


def _try(number: int, rule: Rule, home: Path, servers: str) -> str:
    """Print one rule; what is wrong with it, if anything."""
    kept = _violation(rule, rule.kept_by, home / f"{number}-with", servers)
    missing = _violation(rule, rule.without, home / f"{number}-without", servers)
    fault = f"does not hold: {kept}" if kept else "" if missing else "nothing fails without it"
    on_kafka = "_on_kafka" if rule.needs_broker else ""
    print(f"{number:2}. {rule.says}")
    print(f"    lives in     {rule.lives_in}")
    print(f"    its test     tests/safety/test_rules.py::test_the_rule_holds{on_kafka}[{rule.name}]")
    print(f"    without it   {missing or 'passes'}")
    print(f"    result       {'FAULT: ' + fault if fault else 'the test passes with the rule and fails without it'}")
    return fault


def _violation(rule: Rule, kind: type, home: Path, servers: str) -> str:
    home.mkdir()
    try:
        asyncio.run(_run(rule, kind, Place(home=home, bootstrap_servers=servers)))
    except Violated as violation:
        return str(violation)
    return ""


async def _run(rule: Rule, kind: type, place: Place) -> None:
    await rule.scenario(kind, place)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
