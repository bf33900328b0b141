"""Every attack ends in a refusal or in something small, soon, and in nothing else."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from processors.clean_text import clean_text
from processors.render import OUTPUT_LIMIT_BYTES
from tests.attacks import templates
from tests.attacks.child import ATTACKS
from tests.attacks.data import CANARY

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 1
"""Of CPU on a usual machine: neither a busy one nor a slow one lengthens them as it does the time on a clock."""
MOST_BYTES = 256 * 1024**2
MARKS_OF_ESCAPE = (CANARY, "<class ", "<module ", "<function ", "<bound method", "object at 0x", "root:x:0", "jinja2.")
EVERY_ATTACK = [(sort, name) for sort, (_, attacks) in ATTACKS.items() for name in attacks]


@cache
def outcomes(sort: str) -> dict[str, dict[str, Any]]:
    """What became of all attacks of a sort, run in one process that nothing else shares."""
    command = [sys.executable, "-m", "tests.attacks.child", sort]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return {outcome["name"]: outcome for outcome in map(json.loads, ran.stdout.splitlines())}


def test_there_are_attacks_enough() -> None:
    assert len(set(templates.ALL)) + len(ATTACKS["criteria"][1]) >= 150


@pytest.mark.parametrize(("sort", "name"), EVERY_ATTACK, ids=[f"{sort}: {name}" for sort, name in EVERY_ATTACK])
def test_an_attack_is_refused_or_bounded(sort: str, name: str) -> None:
    outcome = outcomes(sort)[name]
    said = json.dumps([outcome["refused"], outcome["made"]])
    assert outcome["size"] <= OUTPUT_LIMIT_BYTES
    assert outcome["seconds"] < MOST_SECONDS
    assert outcome["bytes"] < MOST_BYTES
    assert not outcome["harmed"]
    assert sort == "criteria" or clean_text(outcome["made"]) == outcome["made"]
    assert [mark for mark in MARKS_OF_ESCAPE if mark in outcome["made"]] == []
    assert [mark for mark in (CANARY, "root:x:0") if mark in said] == []


@pytest.mark.parametrize("name", [name for name in templates.OUT if not name.startswith("a name that shadows")])
def test_a_way_out_is_always_refused(name: str) -> None:
    assert outcomes("text")[name]["refused"]
