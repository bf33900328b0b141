"""Runs all attacks of one sort in a process of its own, within limits, and prints what became of each.

python -m tests.attacks.child text|html|criteria
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from processors.criteria import BadCriterion, check, judge
from processors.render import RenderError, Words, render, template_faults
from processors.template_reader import OPEN
from schemas.json_text import size_bytes
from tests.attacks import criteria, templates
from tests.attacks.data import CANARY, variables

ADDRESS_SPACE_BYTES = 2 * 1024**3
SECONDS_OF_CPU = 120
"""What the machine is kept from, should an attack succeed; what is asked of each attack stands in the test."""
MOST_SHOWN = 100_000
WORK = range(300_000)
SECONDS_OF_WORK = 0.032
"""Of CPU, for writing these numbers out on the machine on which the limit of an attack was set."""


def attack_text(source: str, data: dict[str, Any]) -> dict[str, Any]:
    """Whether saving refuses the template of a text, and what it makes where it is rendered all the same."""
    return _attack_template(source, data, html=False)


def attack_html(source: str, data: dict[str, Any]) -> dict[str, Any]:
    """The same for a template of HTML."""
    return _attack_template(source, data, html=True)


def _attack_template(source: str, data: dict[str, Any], *, html: bool) -> dict[str, Any]:
    faults = [fault.reason for fault in template_faults(source, "x", html=html, scope=OPEN)]
    words = Words(subject=None, text="" if html else source, html=source if html else None)
    try:
        rendered = render(words, data)
    except RenderError as error:
        return {"refused": [*faults, f"{error.reason}: {dict(error.facts)}"], "made": "", "size": 0}
    made = rendered.html or rendered.text
    return {"refused": faults, "made": made[:MOST_SHOWN], "size": size_bytes(made)}


def attack_criterion(source: str, data: dict[str, Any]) -> dict[str, Any]:
    """Whether saving refuses the criterion, and whether it holds otherwise."""
    try:
        check(source)
    except BadCriterion as bad:
        return {"refused": [str(bad)], "made": "", "size": 0}
    small = {name: value for name, value in data.items() if name not in ("items", "lists")}
    verdict = judge(source, small)
    shown = f"{verdict.holds} {dict(verdict.facts)}"
    return {"refused": [], "made": shown, "size": size_bytes(shown)}


def most_memory_bytes() -> int:
    """The most that this program has held; Linux hands `ru_maxrss` on from the process that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    [peak] = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(peak) * 1024


ATTACKS: dict[str, tuple[Callable[[str, dict[str, Any]], dict[str, Any]], dict[str, str]]] = {
    "text": (attack_text, templates.ALL),
    "html": (attack_html, templates.ALL),
    "criteria": (attack_criterion, criteria.ALL),
}


def slowness() -> float:
    """How much longer than on that machine anything takes on this one; 1 on one that is no slower."""
    return max(1.0, min(_seconds_of_work() for _ in range(5)) / SECONDS_OF_WORK)


def _seconds_of_work() -> float:
    begun = time.process_time()
    for number in WORK:
        str(number)
    return time.process_time() - begun


def main(sort: str) -> None:
    """Print one line of JSON for each attack, with its seconds of CPU on a usual machine and the most memory so far."""
    os.environ["TIDINGS_CANARY"] = CANARY
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_OF_CPU, SECONDS_OF_CPU))
    attack, attacks = ATTACKS[sort]
    slower = slowness()
    unharmed = json.dumps(variables())
    data = variables()
    for name, source in attacks.items():
        begun = time.process_time()
        outcome = attack(source, data)
        seconds = (time.process_time() - begun) / slower
        most_bytes = most_memory_bytes()
        harmed = json.dumps(data) != unharmed
        print(json.dumps({"name": name, **outcome, "seconds": seconds, "bytes": most_bytes, "harmed": harmed}))


if __name__ == "__main__":
    main(sys.argv[1])
